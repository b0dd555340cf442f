/** Videos that have something in common. */

import type { DuplicateGroup, Place, SharedSegment } from "../api/duplicates";
import { stillAddress } from "../api/media";
import { fileName } from "../model/paths";
import { playHref } from "../model/route";
import { clock } from "../model/time";
import { Timeline } from "../parts/timeline";
import { counted, duration, t } from "../texts/texts";

const SHOWN_SEGMENTS = 3;

export function DuplicateGroupCard({ group }: { group: DuplicateGroup }) {
  const { kind, shared_s, places, segments } = group;
  return (
    <li class="group">
      <header class="group-head">
        <h2>{t(`duplicates.kind.${kind}`)}</h2>
        <p class="quiet">
          {t("duplicates.shared", { time: duration(shared_s) })} · {counted("library.count", places.length)} ·{" "}
          {counted("duplicates.segments", segments.length)}
        </p>
      </header>
      {places.map((place) => (
        <PlaceLine key={place.video_id} place={place} segments={segments} />
      ))}
      <ul class="pairs">
        {segments.slice(0, SHOWN_SEGMENTS).map((segment, number) => (
          <Pair key={number} segment={segment} />
        ))}
      </ul>
    </li>
  );
}

function PlaceLine({ place, segments }: { place: Place; segments: readonly SharedSegment[] }) {
  const { video_id, path, end_s } = place;
  const name = fileName(path) || video_id;
  const duration_s = place.duration_s ?? end_s;
  const own = segments.flatMap((one) => [
    ...(one.first_video_id === video_id ? [[one.first_start_s, one.first_end_s] as const] : []),
    ...(one.second_video_id === video_id ? [[one.second_start_s, one.second_end_s] as const] : []),
  ]);
  return (
    <div class="place">
      <a href={playHref(video_id, place.start_s)} title={path}>
        {name}
      </a>
      <Timeline
        label={t("results.timeline", { name, duration: clock(duration_s, 0) })}
        duration_s={duration_s}
        marks={own.map(([start_s, end_s]) => ({
          start_s,
          end_s,
          label: t("duplicates.from", { start: clock(start_s, 1), end: clock(end_s, 1) }),
          href: playHref(video_id, start_s),
        }))}
      />
    </div>
  );
}

function Pair({ segment }: { segment: SharedSegment }) {
  const { first_keyframe_id: first, second_keyframe_id: second, reversed, speed } = segment;
  if (!first || !second) return null;
  const changes = [
    Math.abs(speed - 1) >= 0.01 ? t("clip.speed", { speed: speed.toFixed(2) }) : "",
    reversed ? t("clip.reversed") : "",
  ].filter(Boolean);
  return (
    <li class="pair">
      <img src={stillAddress(first, 240)} alt={t("duplicates.still", { time: clock(segment.first_start_s, 1) })} loading="lazy" />
      <img src={stillAddress(second, 240)} alt={t("duplicates.still", { time: clock(segment.second_start_s, 1) })} loading="lazy" />
      {changes.length > 0 && <span class="quiet">{changes.join(" · ")}</span>}
    </li>
  );
}
