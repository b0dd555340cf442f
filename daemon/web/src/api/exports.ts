/** Results as files for other programs. */

import { address, call } from "./client";

export const EXPORT_FORMATS = {
  csv: "CSV",
  json: "JSON",
  edl: "EDL (CMX 3600)",
  fcpxml: "Final Cut XML",
  otio: "OpenTimelineIO",
  webannotation: "Web Annotation",
  png: "PNG",
  pdf: "PDF",
} as const;
export type ExportFormat = keyof typeof EXPORT_FORMATS;

export interface Exported {
  video_id: string;
  path: string;
  start_s: number;
  end_s: number;
  time_s: number;
  label: string;
}

/** Has the service write a file, and hands it to the browser as a download. */
export async function exportAs(format: ExportFormat, results: readonly Exported[]): Promise<void> {
  const response = await call(address("/v1/export", { format }), {
    method: "POST",
    body: JSON.stringify({ results: results.map(containing) }),
    headers: { "Content-Type": "application/json" },
  });
  const named = /filename="?([^";]+)/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  save(await response.blob(), named ?? `cbvir.${format === "webannotation" ? "jsonld" : format}`);
}

/** The span with its moment inside: the frame that fits best may be the last one before its scene. */
function containing(result: Exported): Exported {
  const { start_s, end_s, time_s } = result;
  return { ...result, start_s: Math.min(start_s, time_s), end_s: Math.max(end_s, time_s) };
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}
