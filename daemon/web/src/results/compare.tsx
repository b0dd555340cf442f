/** The question beside the frame that was found: the matched region, the points that agree, why it is likely only. */

import { useEffect, useState } from "preact/hooks";
import { agreementOf, type Agreement } from "../api/agreement";
import { frameAddress } from "../api/media";
import type { Hit } from "../api/types";
import type { Question } from "../ask/questions";
import { inverted, mapped, ontoCorners, type Point } from "../model/homography";
import type { Size } from "../model/region";
import { clock } from "../model/time";
import { ErrorNotice } from "../parts/notice";
import { counted, t } from "../texts/texts";
import { Laid } from "./laid";

interface Props {
  scene: Hit;
  question: Question;
  name: string;
}

export function Compare({ scene, question, name }: Props) {
  const [found, setFound] = useState<Agreement | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [marks, setMarks] = useState(85);
  const [laid, setLaid] = useState(0);
  const ask = (): void => {
    setError(null);
    agreementOf(scene.keyframe_id, scene.time_s, question.blob, question.region).then(setFound, setError);
  };
  useEffect(ask, [scene.keyframe_id, scene.time_s, question.key, question.region]);
  if (error) return <ErrorNotice error={error} onRetry={ask} />;
  if (!found) return <p class="quiet" role="status">{t("compare.working")}</p>;
  const time = clock(scene.time_s);
  const map = found.region && ontoCorners(found.question.width, found.question.height, found.region);
  return (
    <div class="compare">
      <div class="compare-pictures">
        <figure>
          <div class="compare-picture">
            {question.preview?.address && <img src={question.preview.address} alt={t("compare.question")} />}
            <Marks
              size={found.question}
              opacity={marks}
              points={found.points.map(([x, y]) => [x, y])}
              region={map && frameIn(map, found.frame)}
            />
          </div>
          <figcaption>{t("compare.question")}</figcaption>
        </figure>
        <figure>
          <div class="compare-picture">
            <img src={frameAddress(scene.video_id, scene.time_s, 960)} alt={t("compare.frame", { name, time })} />
            {map && question.preview?.address && laid > 0 && (
              <Laid address={question.preview.address} size={found.question} frame={found.frame} map={map} share={laid} />
            )}
            <Marks
              size={found.frame}
              opacity={marks}
              points={found.points.map(([, , x, y]) => [x, y])}
              region={found.region}
            />
          </div>
          <figcaption>{t("compare.frame", { name, time })}</figcaption>
        </figure>
      </div>
      <div class="compare-controls">
        <Fader label={t("compare.marks")} value={marks} onValue={setMarks} />
        {map && <Fader label={t("compare.laid")} value={laid} onValue={setLaid} />}
      </div>
      <p class="quiet">{found.points.length ? counted("compare.points", found.points.length) : t("compare.noPoints")}</p>
      {scene.verdict === "likely" && found.reason && (
        <p class="notice">
          <strong>{t("compare.why")}</strong> {found.reason}
        </p>
      )}
    </div>
  );
}

/** The corners of the frame in the question. */
function frameIn(map: readonly number[], { width, height }: Size): Point[] | null {
  const back = inverted(map);
  const corners: Point[] = [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ];
  return back && corners.map((corner) => mapped(back, corner));
}

function Fader({ label, value, onValue }: { label: string; value: number; onValue: (value: number) => void }) {
  return (
    <label class="fader">
      <span>{label}</span>
      <input
        type="range"
        min="0"
        max="100"
        value={value}
        onInput={(event) => onValue(Number(event.currentTarget.value))}
      />
    </label>
  );
}

interface MarksProps {
  size: Size;
  opacity: number;
  points: readonly Point[];
  region?: readonly Point[] | null;
}

/** Points have the same colour in both pictures, so that pairs can be found. */
function Marks({ size, opacity, points, region }: MarksProps) {
  const radius = Math.max(size.width, size.height) / 130;
  return (
    <svg
      class="marks"
      viewBox={`0 0 ${size.width} ${size.height}`}
      style={{ opacity: opacity / 100 }}
      aria-hidden="true"
      focusable="false"
    >
      {region && <polygon points={region.map((corner) => corner.join(",")).join(" ")} class="marks-region" />}
      {points.map(([x, y], number) => (
        <circle key={number} cx={x} cy={y} r={radius} fill={`hsl(${(number * 137.5) % 360} 90% 62%)`} />
      ))}
    </svg>
  );
}
