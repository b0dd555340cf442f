/** Addresses of pictures and films. */

import { address } from "./client";

const of = (videoId: string): string => `/v1/videos/${encodeURIComponent(videoId)}`;

export const mediaAddress = (videoId: string): string => `${of(videoId)}/media`;

export const clipAddress = (videoId: string, start_s: number, end_s: number): string =>
  address(`${of(videoId)}/clip.mp4`, { start_s: start_s.toFixed(3), end_s: end_s.toFixed(3) });

export const frameAddress = (videoId: string, time_s: number, width: number): string =>
  address(`${of(videoId)}/frame.jpg`, { t: time_s.toFixed(3), w: width });

export const stripAddress = (
  videoId: string,
  strip: { start_s: number; end_s: number; count: number; width: number },
): string =>
  address(`${of(videoId)}/strip.jpg`, {
    start_s: strip.start_s.toFixed(3),
    end_s: strip.end_s.toFixed(3),
    count: strip.count,
    w: strip.width,
  });

export const stillAddress = (keyframeId: string, width?: number): string =>
  address(`/v1/keyframes/${encodeURIComponent(keyframeId)}.jpg`, { w: width });
