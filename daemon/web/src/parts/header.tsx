/** The bar at the top. */

import { connection, status } from "../api/live";
import { hashOf, route, type View } from "../model/route";
import { choose, counted, duration, language, LANGUAGES, t, type Language } from "../texts/texts";

const LIBRARY: readonly View[] = ["library", "errors", "duplicates", "service"];

export function Header() {
  const { view } = route.value;
  return (
    <header class="top">
      <a class="brand" href={hashOf("ask")}>
        <Mark />
        {t("app.name")}
      </a>
      <nav class="tabs" aria-label={t("app.views")}>
        <a href={hashOf("ask")} aria-current={view === "ask" ? "page" : undefined}>
          {t("nav.ask")}
        </a>
        <a href={hashOf("library")} aria-current={LIBRARY.includes(view) ? "page" : undefined}>
          {t("nav.library")}
        </a>
      </nav>
      <Live />
      <LanguageChoice />
    </header>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M3 23h26" class="mark-line" />
      <rect x="13" y="19.5" width="9" height="7" rx="2" class="mark-span" />
      <rect x="6" y="5" width="15" height="10" rx="2" class="mark-frame" />
    </svg>
  );
}

function Live() {
  const state = connection.value;
  return (
    <p class={`live live-${state}`} role="status">
      <i class="live-dot" aria-hidden="true" />
      <span>{state === "open" ? work() : t(state === "lost" ? "live.lostShort" : "live.starting")}</span>
    </p>
  );
}

function work(): string {
  const now = status.value;
  if (!now) return t("live.open");
  const { working = 0, waiting = 0, indexed = 0 } = now.videos;
  if (working + waiting === 0) return t(indexed ? "live.ready" : "live.open");
  const parts = [];
  if (working) parts.push(counted("live.working", working));
  if (waiting) parts.push(counted("live.waiting", waiting));
  if (now.eta_s) parts.push(t("live.left", { time: duration(now.eta_s) }));
  return parts.join(" · ");
}

function LanguageChoice() {
  return (
    <label class="language">
      <span class="unseen">{t("app.language")}</span>
      <select value={language.value} onChange={(event) => choose(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
