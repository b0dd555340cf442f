/** Which view is open, kept in the part of the address behind `#`: it can be copied, and Back works. */

import { signal } from "@preact/signals";

export const VIEWS = ["ask", "video", "library", "errors", "duplicates", "service"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  /** The video of the view `video`, else empty. */
  id: string;
  query: Record<string, string>;
}

export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name = "", ...rest] = path.split("/");
  const query = Object.fromEntries(new URLSearchParams(search));
  const view = VIEWS.find((one) => one === name) ?? "ask";
  return { view, id: view === "video" ? safeDecoded(rest.join("/")) : "", query };
}

export function hashOf(view: View, id = "", query: Record<string, string | number | null | undefined> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  const path = view === "ask" ? "" : view + (id ? `/${encodeURIComponent(id)}` : "");
  return `#/${path}${search ? `?${search}` : ""}`;
}

/** The address at which a video plays from a moment on. */
export function playHref(videoId: string, time_s: number): string {
  return hashOf("video", videoId, { t: time_s.toFixed(2) });
}

export const route = signal<Route>(parseRoute(typeof location === "undefined" ? "" : location.hash));

export function go(hash: string): void {
  location.hash = hash;
}

/** Changes the query of the open view without a new entry in the browser's history. */
export function amend(query: Record<string, string | number | null | undefined>): void {
  const { view, id, query: before } = route.value;
  history.replaceState(null, "", hashOf(view, id, { ...before, ...query }));
  route.value = parseRoute(location.hash);
}

export function followAddress(): void {
  addEventListener("hashchange", () => {
    route.value = parseRoute(location.hash);
  });
}

function safeDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
