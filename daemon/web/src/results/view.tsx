/** Where the question appears: how far the search is, and the results. */

import { askAgain, current, shown } from "../ask/questions";
import { ErrorNotice } from "../parts/notice";
import { ClipResults } from "./clip_results";
import { OrderedResults } from "./ordered_results";
import { PictureResults } from "./picture_results";
import { Stages } from "./stages";
import { Summary } from "./summary";
import { t } from "../texts/texts";

export function ResultsView() {
  const asked = shown.value;
  if (!asked) return null;
  const { picture, clip, ordered, phase, error } = asked;
  const answer = picture ?? clip ?? ordered;
  const busy = phase !== "done" && phase !== "failed";
  return (
    <section class="results" aria-label={t("results.title")} aria-busy={busy}>
      {answer && phase !== "failed" ? (
        <Summary verdict={answer.verdict} hits={answer.results} />
      ) : (
        <h1>{t(phase === "failed" ? "results.failed" : "results.searching")}</h1>
      )}
      <Stages asked={asked} />
      {phase === "failed" && <ErrorNotice error={error} onRetry={askAgain} />}
      {phase !== "failed" && (
        <>
          {picture && <PictureResults answer={picture} question={busy ? null : current.value} />}
          {clip && <ClipResults answer={clip} />}
          {ordered && <OrderedResults answer={ordered} />}
        </>
      )}
    </section>
  );
}
