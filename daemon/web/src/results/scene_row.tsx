/** One scene of an answer. */

import { useState } from "preact/hooks";
import { call } from "../api/client";
import { frameAddress } from "../api/media";
import type { Hit } from "../api/types";
import { addQuestions, type Question } from "../ask/questions";
import { playHref } from "../model/route";
import { clock } from "../model/time";
import { Icon } from "../parts/icon";
import { VerdictMark } from "../parts/verdict";
import { counted, perCent, t } from "../texts/texts";
import type { TextKey } from "../texts/en";
import { Compare } from "./compare";

const STILL_WIDTH = 320;
const QUESTION_WIDTH = 1024;

interface Props {
  scene: Hit;
  name: string;
  /** What the scene can be compared with. */
  question: Question | null;
}

export function SceneRow({ scene, name, question }: Props) {
  const [comparing, setComparing] = useState(false);
  const time = clock(scene.time_s);
  const span = { start: clock(scene.scene_start_s, 1), end: clock(scene.scene_end_s, 1) };
  return (
    <li class="scene">
      <a class="scene-still" href={playHref(scene.video_id, scene.time_s)} aria-label={t("results.playAt", { name, time })}>
        <img
          src={frameAddress(scene.video_id, scene.time_s, STILL_WIDTH)}
          alt={t("results.still", { name, time })}
          loading="lazy"
          width={STILL_WIDTH}
          height={180}
        />
        <span class="scene-time">{time}</span>
      </a>
      <div class="scene-facts">
        <div class="scene-verdict">
          <VerdictMark verdict={scene.verdict} />
          <details class="probability">
            <summary>{t("results.probability")}</summary>
            <span>{perCent(scene.score)}</span>
          </details>
        </div>
        <p>{t("results.scene", span)}</p>
        <p class="quiet">{[variant(scene.variant), t(scene.exact ? "results.exact" : "results.about")].join(" · ")}</p>
        {scene.time_note && <p class="quiet">{scene.time_note}</p>}
        {scene.occurrences.length > 0 && (
          <p class="quiet">{counted("results.elsewhere", scene.occurrences.length)}</p>
        )}
        <p class="actions">
          <a class="button" href={playHref(scene.video_id, scene.time_s)}>
            <Icon name="play" />
            {t("results.play")}
          </a>
          {question && (
            <button type="button" class="button" aria-expanded={comparing} onClick={() => setComparing(!comparing)}>
              <Icon name="compare" />
              {t("results.compare")}
            </button>
          )}
          <button type="button" class="button" onClick={() => askWithFrame(scene, name)}>
            <Icon name="ask" />
            {t("results.askWith")}
          </button>
        </p>
      </div>
      {comparing && question && <Compare scene={scene} question={question} name={name} />}
    </li>
  );
}

/** "mirrored, without borders" of `borders_removed+mirrored`. */
export function variant(text: string): string {
  return text
    .split("+")
    .map((part) => t(`variant.${part}` as TextKey))
    .join(", ");
}

/** Makes the frame of a result the next question. */
export async function askWithFrame(scene: Pick<Hit, "video_id" | "time_s">, name: string): Promise<void> {
  const response = await call(frameAddress(scene.video_id, scene.time_s, QUESTION_WIDTH));
  addQuestions([{ blob: await response.blob(), name: `${name} ${clock(scene.time_s)}` }]);
  scrollTo(0, 0);
}
