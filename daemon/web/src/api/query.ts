/** Questions to the service: a picture, several in order, a clip. */

import { address, ApiError, call } from "./client";
import { readEvents } from "./sse";
import type { Answer, ClipAnswer, OrderedAnswer } from "./types";
import type { Region } from "../model/region";

export interface QueryOptions {
  region?: Region | null;
  within?: readonly string[];
  everywhere?: boolean;
  signal?: AbortSignal;
}

/** What the service sends before the answer: by descriptors alone, and with points compared. */
export type Stage = "shortlist" | "verified";

/** Asks with a picture; `onStage` gets what may still change. */
export async function askPicture(
  picture: Blob,
  options: QueryOptions,
  onStage: (stage: Stage, answer: Answer) => void,
): Promise<Answer> {
  const { region, within = [], everywhere = false, signal } = options;
  const box = region ? [region.x, region.y, region.width, region.height].map(Math.round).join(",") : null;
  const response = await call(address("/v1/query", { region: box, in: within, all: everywhere }), {
    method: "POST",
    body: picture,
    headers: { Accept: "text/event-stream", "Content-Type": picture.type || "application/octet-stream" },
    ...(signal ? { signal } : {}),
  });
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    return (await response.json()) as Answer;
  }
  for await (const { event, data } of readEvents(response)) {
    const document = JSON.parse(data) as unknown;
    if (event === "shortlist" || event === "verified") onStage(event, document as Answer);
    if (event === "answer") return document as Answer;
    if (event === "error") {
      const { error } = document as { error: { code: string; message: string } };
      throw new ApiError(500, error.code, error.message);
    }
  }
  throw new ApiError(0, "unreachable", "");
}

export async function askInOrder(pictures: readonly Blob[], options: QueryOptions): Promise<OrderedAnswer> {
  const form = new FormData();
  pictures.forEach((picture, number) => form.append("picture", picture, `picture-${number + 1}`));
  return post<OrderedAnswer>("/v1/query/pictures", form, options);
}

export async function askClip(clip: Blob, options: QueryOptions): Promise<ClipAnswer> {
  return post<ClipAnswer>("/v1/query/clip", clip, options);
}

async function post<T>(path: string, body: Blob | FormData, { within = [], signal }: QueryOptions): Promise<T> {
  const response = await call(address(path, { in: within }), {
    method: "POST",
    body,
    ...(signal ? { signal } : {}),
  });
  return (await response.json()) as T;
}
