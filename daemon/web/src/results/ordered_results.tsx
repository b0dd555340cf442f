/** Videos that show several pictures one after the other. */

import { frameAddress } from "../api/media";
import type { Hit, OrderedAnswer, OrderedHit } from "../api/types";
import { fileName } from "../model/paths";
import { hashOf, playHref } from "../model/route";
import { clock } from "../model/time";
import { useVideo } from "../model/videos";
import { ExportMenu } from "../parts/export_menu";
import { Timeline } from "../parts/timeline";
import { VerdictMark } from "../parts/verdict";
import { t } from "../texts/texts";
import { Nothing } from "./summary";

export function OrderedResults({ answer }: { answer: OrderedAnswer }) {
  const named = answer.results.filter((one) => one.verdict !== "none");
  const exported = named.flatMap((video) =>
    placed(video).map(({ video_id, path, scene_start_s, scene_end_s, time_s }, place) => {
      return { video_id, path, start_s: scene_start_s, end_s: scene_end_s, time_s, label: String(place + 1) };
    }),
  );
  return (
    <>
      {named.length === 0 && <Nothing />}
      <ol class="groups">
        {named.map((video) => (
          <OrderedVideo key={video.video_id} video={video} />
        ))}
      </ol>
      {exported.length > 0 && <ExportMenu results={exported} />}
    </>
  );
}

const placed = (video: OrderedHit): Hit[] => video.pictures.filter((one) => one !== null);

function OrderedVideo({ video }: { video: OrderedHit }) {
  const name = fileName(video.path);
  const hits = placed(video);
  const duration_s = Math.max(useVideo(video.video_id)?.duration_s ?? 0, ...hits.map((hit) => hit.scene_end_s));
  return (
    <li class="group">
      <header class="group-head">
        <h2>
          <a href={hashOf("video", video.video_id)}>{name}</a>
        </h2>
        <div class="scene-verdict">
          <VerdictMark verdict={video.verdict} />
          {video.reversed && <span class="quiet">{t("ordered.reversed")}</span>}
        </div>
      </header>
      <Timeline
        label={t("results.timeline", { name, duration: clock(duration_s, 0) })}
        duration_s={duration_s}
        marks={hits.map((hit) => ({
          start_s: hit.scene_start_s,
          end_s: hit.scene_end_s,
          verdict: hit.verdict,
          href: playHref(hit.video_id, hit.time_s),
          label: t("results.at", { time: clock(hit.time_s) }),
        }))}
      />
      <ol class="ordered">
        {video.pictures.map((hit, place) => (
          <li key={place}>
            {hit ? (
              <a class="scene-still" href={playHref(hit.video_id, hit.time_s)} aria-label={t("results.playAt", { name, time: clock(hit.time_s) })}>
                <img src={frameAddress(hit.video_id, hit.time_s, 240)} alt="" loading="lazy" width={240} height={135} />
                <span class="scene-time">{clock(hit.time_s)}</span>
              </a>
            ) : (
              <p class="ordered-missing">{t("ordered.missing")}</p>
            )}
            <span class="quiet">{t("ordered.picture", { place: place + 1 })}</span>
          </li>
        ))}
      </ol>
    </li>
  );
}
