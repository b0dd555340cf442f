/** From where a film is played: the original, a short clip made on the fly, or stills alone. */

import { clipAddress, mediaAddress } from "../api/media";

export type Source =
  | { kind: "original"; address: string; start_s: 0; end_s: number }
  | { kind: "clip"; address: string; start_s: number; end_s: number }
  | { kind: "stills" };

/** Seconds of a clip before and after the moment: short, for a second of work makes about ten of them. */
export const CLIP_BEFORE_S = 3;
export const CLIP_AFTER_S = 12;

export function originalOf(videoId: string): Source {
  return { kind: "original", address: mediaAddress(videoId), start_s: 0, end_s: Infinity };
}

export function clipAround(videoId: string, time_s: number, duration_s: number): Source {
  const start_s = Math.max(0, time_s - CLIP_BEFORE_S);
  const end_s = Math.min(duration_s || Infinity, time_s + CLIP_AFTER_S);
  return { kind: "clip", address: clipAddress(videoId, start_s, end_s), start_s, end_s };
}

/** What to try when a source cannot be played. */
export function after(source: Source, videoId: string, time_s: number, duration_s: number): Source {
  return source.kind === "original" ? clipAround(videoId, time_s, duration_s) : { kind: "stills" };
}

/** Whether a source holds a moment; a clip's very end counts as outside, so that playing can go on. */
export function holds(source: Source, time_s: number): boolean {
  return source.kind !== "stills" && time_s >= source.start_s - 0.05 && time_s <= source.end_s;
}
