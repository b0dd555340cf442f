/** All videos: searched by name, filtered by state and folder, in the order that is wished. */

import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { status } from "../api/live";
import { VIDEO_STATES } from "../api/types";
import { fileName } from "../model/paths";
import { amend, go, hashOf, route } from "../model/route";
import { pagesOf, type Window } from "../model/virtual";
import { FolderTree } from "../parts/folder_tree";
import { Icon } from "../parts/icon";
import { ErrorNotice } from "../parts/notice";
import { counted, language, number, t } from "../texts/texts";
import type { TextKey } from "../texts/en";
import { useVideoList } from "./video_list";
import { VideoRow } from "./video_row";
import { VirtualList } from "./virtual_list";

const ORDERS = ["path", "-added", "-duration_s", "duration_s"] as const;
const TYPING_MS = 250;

export function VideosView() {
  const { name = "", state = "", under = "", sort = "path" } = route.value.query;
  const list = useVideoList({ name, state, under, sort });
  const [shown, setShown] = useState<Window>({ first: 0, end: 1 });
  useEffect(() => list.want(pagesOf({ ...shown, end: Math.max(1, shown.end) }, list.size)));
  const watched = status.value?.roots.map((root) => root.path).join("\n") ?? "";
  const roots = useMemo(() => watched.split("\n").filter(Boolean), [watched]);
  const open = useCallback(
    (place: number) => {
      const video = list.row(place);
      if (video?.video_id) go(hashOf("video", video.video_id));
    },
    [list],
  );
  return (
    <div class="videos">
      <aside class="videos-folders">
        <details open={innerWidth > 900}>
          <summary>{under ? fileName(under) : t("library.folders")}</summary>
          {under && (
            <button type="button" class="link" onClick={() => amend({ under: "" })}>
              {t("library.allFolders")}
            </button>
          )}
          <FolderTree label={t("library.folders")} selected={under} onSelect={(path) => amend({ under: path })} />
        </details>
      </aside>
      <section class="videos-list" aria-label={t("nav.videos")}>
        <Filters name={name} state={state} sort={sort} />
        <p class="quiet" role="status">
          {counted("library.count", list.total)}
        </p>
        {list.error !== null && <ErrorNotice error={list.error} />}
        <VirtualList
          label={t("nav.videos")}
          count={list.total}
          height={4.25}
          subject={[name, state, under, sort].join("\n")}
          onWindow={setShown}
          onOpen={open}
        >
          {(place, resting) => <VideoRow video={list.row(place)} roots={roots} resting={resting} words={language.value} />}
        </VirtualList>
      </section>
    </div>
  );
}

function Filters({ name, state, sort }: { name: string; state: string; sort: string }) {
  const [typed, setTyped] = useState(name);
  useEffect(() => {
    if (typed === name) return;
    const timer = setTimeout(() => amend({ name: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const counts = status.value?.videos;
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="filter-name">
        <Icon name="search" />
        <span class="unseen">{t("library.name")}</span>
        <input
          type="search"
          value={typed}
          placeholder={t("library.name")}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <label>
        <span class="unseen">{t("library.state")}</span>
        <select value={state} onChange={(event) => amend({ state: event.currentTarget.value })}>
          <option value="">{t("library.anyState")}</option>
          {VIDEO_STATES.map((one) => (
            <option key={one} value={one}>
              {t(`state.${one}`)}
              {counts ? ` (${number(counts[one] ?? 0)})` : ""}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="unseen">{t("library.sort")}</span>
        <select value={sort} onChange={(event) => amend({ sort: event.currentTarget.value })}>
          {ORDERS.map((one) => (
            <option key={one} value={one}>
              {t(`library.sort.${one}` as TextKey)}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
