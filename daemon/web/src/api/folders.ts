/** Folders that hold videos. */

import { getJson } from "./client";
import type { Folder } from "./types";

/** The folders right under another one, or the watched folders. */
export async function foldersUnder(path: string): Promise<Folder[]> {
  const { folders } = await getJson<{ folders: Folder[] }>("/v1/folders", { under: path });
  return folders;
}
