/** The frame around every view: navigation, the connection, and the view that the address names. */

import { useEffect, useRef } from "preact/hooks";
import { connection } from "./api/live";
import { AskView } from "./ask/view";
import { Header } from "./parts/header";
import { SessionNotice } from "./parts/session";
import { isLibraryPart, LibraryView } from "./library/view";
import { PlayView } from "./play/view";
import { route } from "./model/route";
import { sessionEnded } from "./model/session";
import { t } from "./texts/texts";

export function App() {
  const { view, id } = route.value;
  const main = useFocusOnChange(`${view}/${id}`);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => focusMain(event, main.current)}>
        {t("app.skip")}
      </a>
      <Header />
      {connection.value === "lost" && !sessionEnded.value && (
        <p class="banner" role="status">
          {t("live.lost")}
        </p>
      )}
      {sessionEnded.value && <SessionNotice />}
      <main id="main" ref={main} tabIndex={-1}>
        {view === "ask" && <AskView />}
        {view === "video" && <PlayView id={id} />}
        {isLibraryPart(view) && <LibraryView part={view} />}
      </main>
    </>
  );
}

/** Moves the focus to the new view, so that a screen reader begins there; not at the start. */
function useFocusOnChange(view: string) {
  const main = useRef<HTMLElement>(null);
  const before = useRef(view);
  useEffect(() => {
    if (before.current === view) return;
    before.current = view;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [view]);
  return main;
}

function focusMain(event: Event, main: HTMLElement | null): void {
  event.preventDefault(); // the part behind # names the view
  main?.focus();
}
