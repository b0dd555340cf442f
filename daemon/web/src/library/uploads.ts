/** Files on their way into a watched folder. */

import { signal } from "@preact/signals";
import { address } from "../api/client";
import { t } from "../texts/texts";

export interface Upload {
  key: number;
  name: string;
  size: number;
  sent: number;
  state: "sending" | "done" | "failed";
  message: string;
}

export const uploads = signal<readonly Upload[]>([]);

const running = new Map<number, XMLHttpRequest>();
let lastKey = 0;

/** Sends files one after the other. */
export async function upload(files: readonly File[], folder: string): Promise<void> {
  const added = files.map((file) => ({ key: ++lastKey, file }));
  const line = { sent: 0, state: "sending", message: "" } as const;
  uploads.value = [...uploads.value, ...added.map(({ key, file }) => ({ ...line, key, name: file.name, size: file.size }))];
  for (const { key, file } of added) {
    if (uploads.value.some((one) => one.key === key)) await send(key, file, folder);
  }
}

/** Ends an upload that is under way, and removes its line. */
export function dismiss(key: number): void {
  running.get(key)?.abort();
  uploads.value = uploads.value.filter((one) => one.key !== key);
}

// `fetch` does not tell how much of a body is sent.
function send(key: number, file: File, folder: string): Promise<void> {
  const request = new XMLHttpRequest();
  running.set(key, request);
  request.open("PUT", address(`/v1/uploads/${encodeURIComponent(file.name)}`, { root: folder }));
  request.upload.onprogress = ({ loaded }) => change(key, { sent: loaded });
  return new Promise((resolve) => {
    request.onloadend = () => {
      running.delete(key);
      const done = request.status >= 200 && request.status < 300;
      change(key, { state: done ? "done" : "failed", message: done ? "" : reason(request) });
      resolve();
    };
    request.send(file);
  });
}

function reason(request: XMLHttpRequest): string {
  try {
    return (JSON.parse(request.responseText) as { error: { message: string } }).error.message;
  } catch {
    return t(request.status ? "error.failed" : "error.unreachable");
  }
}

function change(key: number, part: Partial<Upload>): void {
  uploads.value = uploads.value.map((one) => (one.key === key ? { ...one, ...part } : one));
}
