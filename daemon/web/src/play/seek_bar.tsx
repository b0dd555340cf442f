/** Where in the whole video the player stands. */

import { clock } from "../model/time";
import { t } from "../texts/texts";

interface Props {
  time_s: number;
  duration_s: number;
  onPick: (time_s: number) => void;
}

export function SeekBar({ time_s, duration_s, onPick }: Props) {
  return (
    <div class="seek">
      <span class="figures">{clock(time_s)}</span>
      <input
        type="range"
        min="0"
        max={duration_s}
        step="0.01"
        value={time_s}
        aria-label={t("play.position")}
        aria-valuetext={clock(time_s)}
        onInput={(event) => onPick(Number(event.currentTarget.value))}
      />
      <span class="figures">{clock(duration_s)}</span>
    </div>
  );
}
