/** The state of a video in a word and a shape. */

import type { VideoState } from "../api/types";
import { t } from "../texts/texts";

/** Indexed: a disc. Partial: half a disc. Waiting: a ring. Working: a ring with an arc. Failed: a cross. Offline: a dash. */
const SHAPES: Record<VideoState, string> = {
  indexed: "M10 3a7 7 0 1 0 0 14a7 7 0 0 0 0-14z",
  partial: "M10 3a7 7 0 0 0 0 14z",
  waiting: "",
  working: "M10 3a7 7 0 0 1 7 7h-3a4 4 0 0 0-4-4z",
  failed: "M4 6l2-2l4 4l4-4l2 2l-4 4l4 4l-2 2l-4-4l-4 4l-2-2l4-4z",
  offline: "M4 8.5h12v3H4z",
};

export function StateMark({ state }: { state: VideoState }) {
  return (
    <span class={`state state-${state}`}>
      <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        {["waiting", "working", "partial"].includes(state) && <circle cx="10" cy="10" r="6.2" class="state-ring" />}
        <path d={SHAPES[state]} />
      </svg>
      {t(`state.${state}`)}
    </span>
  );
}
