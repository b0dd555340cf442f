/** The library: its videos, what went wrong, duplicates, and the service itself. */

import { status } from "../api/live";
import { hashOf, type View } from "../model/route";
import { number, t } from "../texts/texts";
import { DuplicatesView } from "./duplicates_view";
import { ErrorsView } from "./errors_view";
import { ServiceView } from "./service_view";
import { UploadArea } from "./upload_area";
import { VideosView } from "./videos_view";

const PARTS = { library: "nav.videos", errors: "nav.errors", duplicates: "nav.duplicates", service: "nav.service" } as const;
export type LibraryPart = keyof typeof PARTS;

export function isLibraryPart(view: View): view is LibraryPart {
  return view in PARTS;
}

export function LibraryView({ part }: { part: LibraryPart }) {
  const { failed = 0, partial = 0 } = status.value?.videos ?? {};
  return (
    <div class="library">
      <header class="library-head">
        <h1>{t("nav.library")}</h1>
        <nav class="tabs" aria-label={t("library.parts")}>
          {Object.entries(PARTS).map(([view, name]) => (
            <a key={view} href={hashOf(view as View)} aria-current={view === part ? "page" : undefined}>
              {t(name)}
              {view === "errors" && failed + partial > 0 && <span class="badge">{number(failed + partial)}</span>}
            </a>
          ))}
        </nav>
      </header>
      {part === "library" && <UploadArea />}
      {part === "library" && <VideosView />}
      {part === "errors" && <ErrorsView />}
      {part === "duplicates" && <DuplicatesView />}
      {part === "service" && <ServiceView />}
    </div>
  );
}
