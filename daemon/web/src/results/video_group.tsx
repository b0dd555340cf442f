/** One video of an answer: its name, its scenes on one time line, and each scene with its still. */

import { status } from "../api/live";
import type { Question } from "../ask/questions";
import type { Group } from "../model/grouping";
import { fileName, folderOf } from "../model/paths";
import { hashOf, playHref } from "../model/route";
import { clock } from "../model/time";
import { useVideo } from "../model/videos";
import { Timeline } from "../parts/timeline";
import { t } from "../texts/texts";
import { SceneRow } from "./scene_row";

export function VideoGroup({ group, question }: { group: Group; question: Question | null }) {
  const { path, scenes, videoId } = group;
  const video = useVideo(videoId);
  const duration_s = Math.max(video?.duration_s ?? 0, ...scenes.map((scene) => scene.scene_end_s));
  const roots = status.value?.roots.map((root) => root.path) ?? [];
  const name = fileName(path);
  const byRank = [...scenes].sort((one, other) => one.rank - other.rank);
  return (
    <li class="group">
      <header class="group-head">
        <h2>
          <a href={hashOf("video", videoId)} title={path}>
            {name}
          </a>
        </h2>
        <p class="group-place">
          <span>{folderOf(path, roots)}</span>
          <span class="figures">{clock(duration_s, 0)}</span>
        </p>
      </header>
      <Timeline
        label={t("results.timeline", { name, duration: clock(duration_s, 0) })}
        duration_s={duration_s}
        marks={scenes.map((scene) => ({
          ...scene,
          start_s: scene.scene_start_s,
          end_s: scene.scene_end_s,
          href: playHref(videoId, scene.time_s),
          label: `${t(`verdict.${scene.verdict}`)}, ${t("results.at", { time: clock(scene.time_s) })}`,
        }))}
      />
      <ol class="scenes">
        {byRank.map((scene) => (
          <SceneRow key={scene.keyframe_id} scene={scene} name={name} question={question} />
        ))}
      </ol>
    </li>
  );
}
