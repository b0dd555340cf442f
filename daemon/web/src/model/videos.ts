/** What is known of single videos, read once and again when an event tells of them. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, getJson } from "../api/client";
import { listen } from "../api/live";
import type { Video } from "../api/types";

const known = signal<ReadonlyMap<string, Video>>(new Map());
const asked = new Set<string>();

/** Why a video could not be read. */
export const videoErrors = signal<ReadonlyMap<string, unknown>>(new Map());

/** The video; null until it is read, and where it cannot be. */
export function useVideo(id: string): Video | null {
  useEffect(() => {
    if (id && !asked.has(id)) void read(id);
    return listen(({ kind, data }) => {
      const own = data["video_id"] === id || known.peek().get(id)?.paths.includes(data["path"] as string);
      if (kind === "again" || kind === "root" || (kind === "video" && own)) void read(id);
    });
  }, [id]);
  return known.value.get(id) ?? null;
}

async function read(id: string): Promise<void> {
  asked.add(id);
  try {
    const video = await getJson<Video>(`/v1/videos/${encodeURIComponent(id)}`);
    known.value = new Map(known.value).set(id, video);
  } catch (error) {
    asked.delete(id);
    if (error instanceof ApiError && error.status === 404) {
      known.value = new Map([...known.value].filter(([one]) => one !== id)); // it was forgotten
    }
    videoErrors.value = new Map(videoErrors.value).set(id, error);
  }
}
