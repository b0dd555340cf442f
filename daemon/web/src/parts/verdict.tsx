/** A verdict in a word and a shape, so that it does not need its colour. */

import type { Verdict } from "../api/types";
import { t } from "../texts/texts";

/** Match: a full disc with a tick. Likely: half a disc. Not a match: an empty ring. */
export function VerdictShape({ verdict }: { verdict: Verdict }) {
  return (
    <svg class="verdict-shape" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <circle cx="10" cy="10" r="8" class="ring" />
      {verdict === "match" && <circle cx="10" cy="10" r="8" class="fill" />}
      {verdict === "match" && <path d="M6 10.4l2.8 2.8L14.2 7.4" class="tick" />}
      {verdict === "likely" && <path d="M10 2a8 8 0 0 0 0 16z" class="fill" />}
    </svg>
  );
}

export function VerdictMark({ verdict }: { verdict: Verdict }) {
  return (
    <span class={`verdict verdict-${verdict}`} title={t(`verdict.${verdict}.help`)}>
      <VerdictShape verdict={verdict} />
      {t(`verdict.${verdict}`)}
    </span>
  );
}
