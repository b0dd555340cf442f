import { describe, expect, test } from "vitest";
import type { Hit } from "../src/api/types";
import { groupedByVideo, share } from "../src/model/grouping";

function hit(rank: number, video_id: string, scene_start_s: number): Hit {
  return {
    ...{ rank, video_id, scene_start_s, path: `/${video_id}.mp4`, keyframe_id: `${video_id}:${rank}` },
    ...{ time_s: scene_start_s + 1, scene_end_s: scene_start_s + 3, score: 1 / rank, verdict: "match" },
    ...{ variant: "plain", evidence: null, occurrences: [], exact: true, until_s: null, time_note: "" },
  };
}

describe("results by video", () => {
  const groups = groupedByVideo([hit(1, "b", 50), hit(2, "a", 9), hit(3, "b", 10), hit(4, "b", 70)]);

  test("begin with the video of the best scene", () => {
    expect(groups.map((group) => group.videoId)).toEqual(["b", "a"]);
    expect(groups[0]!.best.rank).toBe(1);
  });

  test("have each video's scenes in order of time", () => {
    expect(groups[0]!.scenes.map((scene) => scene.scene_start_s)).toEqual([10, 50, 70]);
  });

  test("lose no scene", () => expect(groups.flatMap((group) => group.scenes)).toHaveLength(4));
});

describe("a span on a bar", () => {
  test("is where it is in time", () => expect(share(25, 50, 100)).toEqual({ left: 25, width: 25 }));
  test("is wide enough to be seen, and inside", () => {
    expect(share(100, 100, 100, 2)).toEqual({ left: 98, width: 2 });
    expect(share(90, 130, 100)).toEqual({ left: 60, width: 40 });
  });
  test("takes all of a video without a length", () => expect(share(0, 3, 0)).toEqual({ left: 0, width: 100 }));
});
