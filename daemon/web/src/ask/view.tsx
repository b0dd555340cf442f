/** Ask: the question on one side, where it appears on the other. */

import { useCallback } from "preact/hooks";
import { useDrop } from "../parts/drop";
import { ResultsView } from "../results/view";
import { t } from "../texts/texts";
import { askWithFiles } from "./files";
import { FileChoice } from "./file_choice";
import { LimitChoice } from "./limit";
import { QuestionPanel } from "./question_panel";
import { questions } from "./questions";

export function AskView() {
  const over = useDrop(useCallback((files: File[]) => askWithFiles(files), []));
  const empty = questions.value.length === 0;
  return (
    <div class={`ask ${empty ? "ask-empty" : ""} ${over ? "is-over" : ""}`}>
      {empty ? (
        <section class="ask-start">
          <h1>{t("ask.title")}</h1>
          <div class="dropzone">
            <p class="dropzone-lead">{t(over ? "ask.dropNow" : "ask.drop")}</p>
            <FileChoice />
            <p class="quiet">{t("ask.formats")}</p>
          </div>
          <LimitChoice />
        </section>
      ) : (
        <>
          <QuestionPanel />
          <ResultsView />
        </>
      )}
    </div>
  );
}
