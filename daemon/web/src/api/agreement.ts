/** Where a question and a found frame agree. */

import type { Size, Region } from "../model/region";
import type { Point } from "../model/homography";
import { address, call } from "./client";

export interface Agreement {
  question: Size;
  frame: Size & { time_s: number };
  /** The corners of the picture in the frame: upper left, upper right, lower right, lower left. */
  region: [Point, Point, Point, Point] | null;
  /** For each point x and y in the question, x and y in the frame. */
  points: [number, number, number, number][];
  /** Why a result is likely only; empty for a match. */
  reason: string;
}

export async function agreementOf(
  keyframeId: string,
  time_s: number,
  picture: Blob,
  region: Region | null,
): Promise<Agreement> {
  const box = region ? [region.x, region.y, region.width, region.height].map(Math.round).join(",") : null;
  const path = address(`/v1/keyframes/${encodeURIComponent(keyframeId)}/agreement`, { time_s, region: box });
  const response = await call(path, { method: "POST", body: picture });
  return (await response.json()) as Agreement;
}
