/** Stills around the moment; they are there for offline files too. */

import { useEffect, useRef, useState } from "preact/hooks";
import { stripAddress, stripTimes } from "../api/media";
import { clock } from "../model/time";
import { t } from "../texts/texts";

interface Props {
  id: string;
  time_s: number;
  duration_s: number;
  playing: boolean;
  onPick: (time_s: number) => void;
}

const STILL_WIDTH = 160;
const MIN_SHOWN_WIDTH = 88;
const BETWEEN_STILLS_S = 1;

export function Strip({ id, time_s, duration_s, playing, onPick }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const count = useCount(holder);
  const span = useSpan(time_s, count * BETWEEN_STILLS_S, duration_s, playing);
  const each = (span.end_s - span.start_s) / count;
  const times = stripTimes({ ...span, count });
  return (
    <section class="strip" aria-label={t("play.strip")}>
      <div class="strip-holder" ref={holder}>
        <img src={stripAddress(id, { ...span, count }, STILL_WIDTH)} alt="" />
        <div class="strip-stills">
          {times.map((at) => (
            <button
              key={at}
              type="button"
              class={Math.abs(at - time_s) <= each / 2 ? "is-now" : ""}
              aria-label={t("play.goTo", { time: clock(at, 1) })}
              onClick={() => onPick(at)}
            >
              <span>{clock(at, 1)}</span>
            </button>
          ))}
        </div>
      </div>
    </section>
  );
}

/** As many stills as the width has room for. */
function useCount(holder: { current: HTMLElement | null }): number {
  const [count, setCount] = useState(8);
  useEffect(() => {
    const measure = new ResizeObserver(([entry]) => {
      const width = entry?.contentRect.width ?? 0;
      setCount(Math.min(20, Math.max(3, Math.floor(width / MIN_SHOWN_WIDTH / 1.4))));
    });
    measure.observe(holder.current!);
    return () => measure.disconnect();
  }, []);
  return count;
}

/** The span that is shown. It stays while the moment is inside, so that the stills do not run away. */
function useSpan(time_s: number, length_s: number, duration_s: number, playing: boolean) {
  const around = () => {
    const whole = duration_s > 0 ? Math.min(length_s, duration_s) : length_s;
    const start_s = Math.min(Math.max(0, time_s - whole / 2), Math.max(0, duration_s - whole));
    return { start_s, end_s: start_s + whole };
  };
  const [span, setSpan] = useState(around);
  const inside = time_s >= span.start_s && time_s <= span.end_s;
  useEffect(() => {
    if (!inside && !playing) setSpan(around());
  }, [inside, playing]);
  useEffect(() => setSpan(around()), [length_s, duration_s > 0]);
  return span;
}
