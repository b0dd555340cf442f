/** Files that come into the page: chosen, dropped or pasted. */

import { go, hashOf, route } from "../model/route";
import { addQuestions } from "./questions";

/** What a file dialog offers; some systems do not know the types of the last ones. */
export const ACCEPTED = "image/*,video/*,.heic,.heif,.avif,.tif,.tiff,.mkv";

const VIDEO_NAME = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|ogv|wmv)$/i;

/** Asks with files. Those that no type is known of are taken for what their names say. */
export function askWithFiles(files: Iterable<File>, beside = false): void {
  const taken = [...files].map((file) => {
    const isVideo = !file.type && VIDEO_NAME.test(file.name);
    return { blob: isVideo ? new Blob([file], { type: "video/unknown" }) : file, name: file.name };
  });
  addQuestions(taken, beside);
  if (taken.length > 0 && route.value.view !== "ask") go(hashOf("ask"));
}

/** Pictures from the clipboard become the question, whatever view is open. */
export function takePastes(): void {
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return; // text goes where the focus is
    event.preventDefault();
    askWithFiles(files);
  });
}
