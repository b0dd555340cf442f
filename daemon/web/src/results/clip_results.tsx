/** Parts of a clip, and the parts of videos that show the same. */

import { frameAddress } from "../api/media";
import type { ClipAnswer, ClipHit } from "../api/types";
import { fileName } from "../model/paths";
import { playHref } from "../model/route";
import { clock } from "../model/time";
import { useVideo } from "../model/videos";
import { ExportMenu } from "../parts/export_menu";
import { Icon } from "../parts/icon";
import { Timeline } from "../parts/timeline";
import { VerdictMark } from "../parts/verdict";
import { number, perCent, t } from "../texts/texts";
import { Notes, Nothing } from "./summary";

export function ClipResults({ answer }: { answer: ClipAnswer }) {
  const exported = answer.results.map(({ video_id, path, start_s, end_s, verdict }) => {
    return { video_id, path, start_s, end_s, time_s: start_s, label: verdict };
  });
  return (
    <>
      <Notes notes={answer.notes} />
      {answer.results.length === 0 && <Nothing />}
      <ol class="groups">
        {answer.results.map((hit) => (
          <ClipPart key={hit.rank} hit={hit} clip_s={answer.duration_s} />
        ))}
      </ol>
      {exported.length > 0 && <ExportMenu results={exported} />}
    </>
  );
}

function ClipPart({ hit, clip_s }: { hit: ClipHit; clip_s: number }) {
  const { video_id, path, start_s, end_s } = hit;
  const name = fileName(path);
  const duration_s = Math.max(useVideo(video_id)?.duration_s ?? 0, end_s);
  const href = playHref(video_id, start_s);
  const own = { start_s: hit.clip_start_s, end_s: hit.clip_end_s };
  const found = { start_s, end_s };
  return (
    <li class="group">
      <header class="group-head">
        <h2>{name}</h2>
        <div class="scene-verdict">
          <VerdictMark verdict={hit.verdict} />
          <details class="probability">
            <summary>{t("results.probability")}</summary>
            <span>{perCent(hit.score)}</span>
          </details>
          <span class="quiet">{changes(hit)}</span>
        </div>
      </header>
      <Timeline
        label={t("clip.ofClip", { duration: clock(clip_s, 0) })}
        duration_s={clip_s}
        marks={[{ ...own, verdict: hit.verdict, label: span("clip.part", own) }]}
      />
      <Timeline
        label={t("results.timeline", { name, duration: clock(duration_s, 0) })}
        duration_s={duration_s}
        marks={[{ ...found, verdict: hit.verdict, label: span("results.scene", found), href }]}
      />
      <div class="scene">
        <a class="scene-still" href={href} aria-label={t("results.playAt", { name, time: clock(start_s) })}>
          <img src={frameAddress(video_id, (start_s + end_s) / 2, 320)} alt="" loading="lazy" width={320} height={180} />
        </a>
        <div class="scene-facts">
          <p>{span("clip.part", own)}</p>
          <p>{span("results.scene", found)}</p>
          <p class="actions">
            <a class="button" href={href}>
              <Icon name="play" />
              {t("results.play")}
            </a>
          </p>
        </div>
      </div>
    </li>
  );
}

function span(key: "clip.part" | "results.scene", { start_s, end_s }: { start_s: number; end_s: number }): string {
  return t(key, { start: clock(start_s, 1), end: clock(end_s, 1) });
}

function changes(hit: ClipHit): string {
  const parts = [];
  if (Math.abs(hit.speed - 1) >= 0.01) parts.push(t("clip.speed", { speed: number(hit.speed, 2) }));
  if (hit.reversed) parts.push(t("clip.reversed"));
  if (hit.mirrored) parts.push(t("variant.mirrored"));
  return parts.join(" · ");
}
