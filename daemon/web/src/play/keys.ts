/** Keys of the player. */

import { useEffect } from "preact/hooks";
import type { Player } from "./player";

const JUMP_S = 5;
const LONG_JUMP_S = 10;

export function usePlayerKeys(player: Player): void {
  useEffect(() => {
    const acts: Record<string, () => void> = {
      ",": () => player.step(-1),
      ".": () => player.step(1),
      k: () => player.toggle(),
      " ": () => player.toggle(),
      j: () => player.seek(player.time_s - LONG_JUMP_S),
      l: () => player.seek(player.time_s + LONG_JUMP_S),
      ArrowLeft: () => player.seek(player.time_s - JUMP_S),
      ArrowRight: () => player.seek(player.time_s + JUMP_S),
    };
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTaken(event)) return;
      const act = acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

/** Whether the element in focus needs the key itself. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("input, select, textarea, dialog")) return true;
  if (key === "," || key === ".") return false;
  if (key === " ") return target.closest("button, a, summary, video") !== null;
  return target.closest("video, [role=listbox], [data-scrolls]") !== null;
}
