/** Addresses of pictures and films. */

import { address } from "./client";

const of = (videoId: string): string => `/v1/videos/${encodeURIComponent(videoId)}`;

export const mediaAddress = (videoId: string): string => `${of(videoId)}/media`;

export const clipAddress = (videoId: string, start_s: number, end_s: number): string =>
  address(`${of(videoId)}/clip.mp4`, { start_s: start_s.toFixed(3), end_s: end_s.toFixed(3) });

export const frameAddress = (videoId: string, time_s: number, width: number): string =>
  address(`${of(videoId)}/frame.jpg`, { t: time_s.toFixed(3), w: width });

export interface StripSpan {
  start_s: number;
  end_s: number;
  count: number;
}

/** The moments of a strip: the middles of so many equal parts of its span. */
export function stripTimes({ start_s, end_s, count }: StripSpan): number[] {
  const each = (end_s - start_s) / count;
  return Array.from({ length: count }, (_, place) => start_s + (place + 0.5) * each);
}

/** One picture of stills side by side, at the moments of a strip. */
export function stripAddress(videoId: string, span: StripSpan, width: number): string {
  const times = stripTimes(span);
  return address(`${of(videoId)}/strip.jpg`, {
    start_s: times[0]!.toFixed(3),
    end_s: times.at(-1)!.toFixed(3),
    count: span.count,
    w: width,
  });
}

export const stillAddress = (keyframeId: string, width?: number): string =>
  address(`/v1/keyframes/${encodeURIComponent(keyframeId)}.jpg`, { w: width });
