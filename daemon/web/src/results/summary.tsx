/** The answer in one line. */

import type { Verdict } from "../api/types";
import { VerdictShape } from "../parts/verdict";
import { counted, t } from "../texts/texts";

interface Props {
  verdict: Verdict;
  hits: readonly { video_id: string; verdict: Verdict }[];
}

export function Summary({ verdict, hits }: Props) {
  const named = hits.filter((one) => one.verdict !== "none");
  const videos = new Set(named.map((one) => one.video_id)).size;
  const matches = named.filter((one) => one.verdict === "match").length;
  const parts = [
    matches > 0 && counted("results.matches", matches),
    named.length > matches && counted("results.likely", named.length - matches),
    counted("results.videos", videos),
  ];
  return (
    <h1 class={`summary verdict-${verdict}`}>
      <VerdictShape verdict={verdict} />
      {t(`results.summary.${verdict}`)}
      {videos > 0 && (
        <small>{parts.filter(Boolean).join(" · ")}</small>
      )}
    </h1>
  );
}

export function Nothing() {
  return (
    <div class="nothing">
      <p>{t("results.nothing")}</p>
      <p class="quiet">{t("results.nothingHelp")}</p>
    </div>
  );
}

export function Notes({ notes }: { notes: readonly string[] }) {
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="notice">
          {note}
        </p>
      ))}
    </>
  );
}
