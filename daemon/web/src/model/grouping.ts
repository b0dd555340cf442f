/** Results as the page shows them: by video, the video with the most probable scene first. */

import type { Hit, Verdict } from "../api/types";

export interface Group {
  videoId: string;
  path: string;
  verdict: Verdict;
  /** The most probable scene. */
  best: Hit;
  /** All scenes in order of time. */
  scenes: Hit[];
}

export function groupedByVideo(hits: readonly Hit[]): Group[] {
  const groups = new Map<string, Hit[]>();
  for (const hit of hits) {
    const own = groups.get(hit.video_id);
    if (own) own.push(hit);
    else groups.set(hit.video_id, [hit]);
  }
  return [...groups.values()]
    .map((scenes) => {
      const best = scenes.reduce((one, other) => (other.rank < one.rank ? other : one));
      return {
        videoId: best.video_id,
        path: best.path,
        verdict: best.verdict,
        best,
        scenes: [...scenes].sort((one, other) => one.scene_start_s - other.scene_start_s),
      };
    })
    .sort((one, other) => one.best.rank - other.best.rank);
}

/** The part of a bar that a span takes, in per cent, wide enough to be seen and inside the bar. */
export function share(start: number, end: number, whole: number, least = 0.6): { left: number; width: number } {
  if (!(whole > 0)) return { left: 0, width: 100 };
  const width = Math.min(100, Math.max(least, ((end - start) / whole) * 100));
  const left = Math.min(100 - width, Math.max(0, (start / whole) * 100));
  return { left, width };
}
