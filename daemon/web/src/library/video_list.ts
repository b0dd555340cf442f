/** The list of videos by pages, kept true by the service's events. */

import { useEffect, useMemo, useReducer } from "preact/hooks";
import { getJson } from "../api/client";
import { listen, type LiveEvent } from "../api/live";
import { VIDEO_STATES, type Video, type VideoPage } from "../api/types";
import { Pages } from "../model/pages";

export interface VideoFilter {
  name: string;
  state: string;
  under: string;
  sort: string;
}

const PAGE_ROWS = 100;
const HELD_PAGES = 60;
const REFRESH_MS = 1000;

export function useVideoList(filter: VideoFilter): Pages<Video> {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { name, state, under, sort } = filter;
  const pages = useMemo(
    () =>
      new Pages<Video>(
        PAGE_ROWS,
        HELD_PAGES,
        async (offset, limit, signal) => {
          const asked = { offset, limit, name, state, under, sort };
          const { videos, total } = await getJson<VideoPage>("/v1/videos", asked, signal);
          return { rows: videos, total };
        },
        () => redraw(undefined),
      ),
    [name, state, under, sort],
  );
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refreshSoon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        pages.refresh();
        redraw(undefined);
      }, REFRESH_MS);
    };
    const stop = listen((event) => {
      if (patched(pages, event)) redraw(undefined);
      if (event.kind === "video" || event.kind === "again" || event.kind === "root") refreshSoon();
    });
    return () => {
      stop();
      clearTimeout(timer);
      pages.close();
    };
  }, [pages]);
  return pages;
}

function patched(pages: Pages<Video>, { kind, data }: LiveEvent): boolean {
  if (kind !== "progress" && kind !== "video") return false;
  const { path, per_cent = null, eta_s = null } = data as Partial<Video>;
  const told = kind === "progress" ? "working" : data["state"];
  const state = VIDEO_STATES.find((one) => one === told);
  if (path === undefined || state === undefined) return false;
  return pages.patch(
    (row) => row.paths.includes(path),
    (row) => ({ ...row, state, per_cent, eta_s }),
  );
}
