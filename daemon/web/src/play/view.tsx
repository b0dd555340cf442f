/** Play: one video at a moment, its scenes, and what can be taken along. */

import { useEffect, useState } from "preact/hooks";
import { getJson } from "../api/client";
import { status } from "../api/live";
import type { Keyframe, Video } from "../api/types";
import { fileName, folderOf } from "../model/paths";
import { amend, hashOf, route } from "../model/route";
import { clock, parseTime } from "../model/time";
import { useVideo, videoErrors } from "../model/videos";
import { questions } from "../ask/questions";
import { Icon } from "../parts/icon";
import { ErrorNotice } from "../parts/notice";
import { StateMark } from "../parts/state";
import { counted, t } from "../texts/texts";
import { MomentActions } from "./moment_actions";
import { usePlayer } from "./player";
import { usePlayerKeys } from "./keys";
import { Scenes } from "./scenes";
import { Screen } from "./screen";
import { SeekBar } from "./seek_bar";
import { Strip } from "./strip";

export function PlayView({ id }: { id: string }) {
  const video = useVideo(id);
  const error = videoErrors.value.get(id);
  if (video) return <Loaded key={id} video={video} />;
  if (error) return <ErrorNotice error={error} />;
  return <p class="quiet" role="status">{t("play.loading")}</p>;
}

function Loaded({ video }: { video: Video }) {
  const id = video.video_id ?? "";
  const asked = parseTime(route.value.query["t"] ?? "") ?? 0;
  const player = usePlayer(video, asked);
  const keyframes = useKeyframes(id, video.keyframes);
  const { time_s, playing, seek } = player;
  usePlayerKeys(player);
  useEffect(() => {
    if (Math.abs(asked - time_s) > 0.006) seek(asked);
  }, [asked]); // another moment of the same video was opened
  useEffect(() => {
    if (playing) return;
    const timer = setTimeout(() => amend({ t: time_s.toFixed(2) }), 300);
    return () => clearTimeout(timer);
  }, [time_s, playing]);
  const duration_s = Math.max(video.duration_s ?? 0, keyframes?.at(-1)?.scene_end_s ?? 0, time_s);
  const name = fileName(video.path);
  return (
    <article class="play" aria-label={name}>
      <Head video={video} />
      <div class="play-stage">
        <Screen player={player} video={video} />
        <MomentActions player={player} video={video} keyframes={keyframes ?? []} />
      </div>
      <Strip id={id} time_s={time_s} duration_s={duration_s} playing={playing} onPick={seek} />
      <SeekBar time_s={time_s} duration_s={duration_s} onPick={seek} />
      {keyframes && <Scenes id={id} name={name} keyframes={keyframes} time_s={time_s} onPick={seek} />}
    </article>
  );
}

function Head({ video }: { video: Video }) {
  const roots = status.value?.roots.map((root) => root.path) ?? [];
  const back = questions.value.length > 0;
  return (
    <header class="play-head">
      <a class="back" href={hashOf(back ? "ask" : "library")}>
        <Icon name="back" />
        {t(back ? "play.toResults" : "play.toLibrary")}
      </a>
      <h1>{fileName(video.path)}</h1>
      <p class="play-facts">
        <StateMark state={video.state} />
        <span title={video.path}>{folderOf(video.path, roots)}</span>
        {video.duration_s !== null && <span class="figures">{clock(video.duration_s, 0)}</span>}
        <span>{counted("results.scenes", video.keyframes)}</span>
      </p>
      {video.paths.length > 1 && (
        <details class="quiet">
          <summary>{counted("play.copies", video.paths.length)}</summary>
          <ul>
            {video.paths.map((path) => (
              <li key={path}>{path}</li>
            ))}
          </ul>
        </details>
      )}
      {video.error && <p class="notice notice-error">{video.error}</p>}
    </header>
  );
}

/** The keyframes; read again as more of a video become known. */
function useKeyframes(id: string, count: number): Keyframe[] | null {
  const [found, setFound] = useState<Keyframe[] | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    const path = `/v1/videos/${encodeURIComponent(id)}/keyframes`;
    getJson<{ keyframes: Keyframe[] }>(path, {}, controller.signal).then(
      ({ keyframes }) => setFound(keyframes),
      () => undefined, // the video itself says what is wrong
    );
    return () => controller.abort();
  }, [id, count]);
  return found;
}
