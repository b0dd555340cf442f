/** The scenes of a video by their keyframes, and where else each of them appears. */

import { useState } from "preact/hooks";
import { getJson } from "../api/client";
import { stillAddress } from "../api/media";
import type { Answer, Keyframe } from "../api/types";
import { clock } from "../model/time";
import { Icon } from "../parts/icon";
import { ErrorNotice } from "../parts/notice";
import { VirtualRow } from "../parts/virtual_row";
import { PictureResults } from "../results/picture_results";
import { counted, t } from "../texts/texts";

interface Props {
  id: string;
  name: string;
  keyframes: readonly Keyframe[];
  time_s: number;
  onPick: (time_s: number) => void;
}

export function Scenes({ id, name, keyframes, time_s, onPick }: Props) {
  const [asked, setAsked] = useState<Keyframe | null>(null);
  const current = keyframes.findIndex((one) => time_s >= one.scene_start_s && time_s < one.scene_end_s);
  if (keyframes.length === 0) return null;
  return (
    <section class="keyframes" aria-labelledby={`scenes-${id}`}>
      <h2 id={`scenes-${id}`}>{counted("results.scenes", keyframes.length)}</h2>
      <VirtualRow label={t("play.scenesOf", { name })} count={keyframes.length} width={12} height={10.5} current={current}>
        {(place) => (
          <Still
            keyframe={keyframes[place]!}
            name={name}
            isNow={place === current}
            onPick={onPick}
            onElsewhere={setAsked}
          />
        )}
      </VirtualRow>
      {asked && <Elsewhere key={asked.keyframe_id} keyframe={asked} onClose={() => setAsked(null)} />}
    </section>
  );
}

interface StillProps {
  keyframe: Keyframe;
  name: string;
  isNow: boolean;
  onPick: (time_s: number) => void;
  onElsewhere: (keyframe: Keyframe) => void;
}

function Still({ keyframe, name, isNow, onPick, onElsewhere }: StillProps) {
  const time = clock(keyframe.time_s, 1);
  return (
    <div class={`keyframe ${isNow ? "is-now" : ""}`}>
      <button
        type="button"
        class="keyframe-still"
        aria-label={t("play.goTo", { time })}
        aria-current={isNow ? "true" : undefined}
        onClick={() => onPick(keyframe.time_s)}
      >
        <img src={stillAddress(keyframe.keyframe_id, 240)} alt={t("results.still", { name, time })} loading="lazy" />
        <span class="scene-time">{time}</span>
      </button>
      <button
        type="button"
        class="link"
        aria-label={t("play.elsewhereOf", { time })}
        onClick={() => onElsewhere(keyframe)}
      >
        {t("play.elsewhere")}
      </button>
    </div>
  );
}

function Elsewhere({ keyframe, onClose }: { keyframe: Keyframe; onClose: () => void }) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState<unknown>(null);
  useState(() => {
    const path = `/v1/keyframes/${encodeURIComponent(keyframe.keyframe_id)}/elsewhere`;
    getJson<Answer>(path).then(setAnswer, setError);
  });
  const time = clock(keyframe.time_s, 1);
  return (
    <section class="elsewhere" aria-label={t("play.elsewhereOf", { time })} aria-busy={!answer && !error}>
      <header class="row">
        <h2>{t("play.elsewhereOf", { time })}</h2>
        <button type="button" class="button is-plain" aria-label={t("action.close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {error !== null && <ErrorNotice error={error} />}
      {!answer && !error && <p role="status">{t("compare.working")}</p>}
      {answer && <PictureResults answer={answer} question={null} />}
    </section>
  );
}
