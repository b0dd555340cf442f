/** A list of any length. Rows have one height; those in sight are drawn. Arrow keys go from row to row. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { offsetFor, visible, type Window } from "../model/virtual";

interface Props {
  label: string;
  count: number;
  /** Rem. */
  height: number;
  /** Begins at the top again where this changes. */
  subject: string;
  onWindow: (shown: Window) => void;
  onOpen: (place: number) => void;
  children: (place: number, resting: boolean) => ComponentChildren;
}

const REST_MS = 140;
/** Pixels of the border above and below. */
const BORDERS = 2;

export function VirtualList({ label, count, height, subject, onWindow, onOpen, children }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ offset: 0, viewport: 0 });
  const [resting, setResting] = useState(true);
  const [active, setActive] = useState(0);
  const size = Math.round(height * rem());
  const measure = (): void => {
    const { scrollTop, clientHeight } = element.current!;
    setPlace({ offset: scrollTop, viewport: clientHeight });
  };
  useLayoutEffect(() => {
    const resized = new ResizeObserver(measure);
    resized.observe(element.current!);
    return () => resized.disconnect();
  }, []);
  useEffect(() => {
    element.current!.scrollTop = 0;
    setActive(0);
  }, [subject]);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const scrolled = (): void => {
    measure();
    setResting(false);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setResting(true), REST_MS);
  };
  const shown = visible(place.offset, place.viewport, size, count, 8);
  useEffect(() => onWindow(shown), [shown.first, shown.end, onWindow]);
  const go = (to: number): void => {
    const next = Math.min(count - 1, Math.max(0, to));
    const { scrollTop, clientHeight } = element.current!;
    element.current!.scrollTop = offsetFor(next, scrollTop, clientHeight, size);
    setActive(next);
  };
  const press = (event: KeyboardEvent): void => {
    const rows = Math.max(1, Math.floor(place.viewport / size) - 1);
    const steps: Record<string, number> = {
      ...{ ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + rows, PageUp: active - rows },
      ...{ Home: 0, End: count - 1 },
    };
    const to = steps[event.key];
    if (to === undefined && event.key !== "Enter") return;
    event.preventDefault();
    if (to === undefined) onOpen(active);
    else go(to);
  };
  // An element serves another row when its own is out of sight: that is quicker than a new element.
  const pool = 2 ** Math.ceil(Math.log2(Math.max(16, place.viewport / size + 20)));
  const rows = Array.from({ length: shown.end - shown.first }, (_, number) => shown.first + number);
  return (
    <div
      ref={element}
      class="virtual-list"
      role="listbox"
      aria-label={label}
      aria-activedescendant={count ? `row-${active}` : undefined}
      tabIndex={0}
      data-scrolls
      style={{ "--rows": `${count * size + BORDERS}px` }}
      onScroll={scrolled}
      onKeyDown={press}
    >
      <div class="virtual-space" style={{ height: count * size }} role="presentation">
        {rows.map((row) => (
          <div
            key={row % pool}
            id={`row-${row}`}
            role="option"
            class="virtual-item"
            aria-selected={row === active}
            aria-setsize={count}
            aria-posinset={row + 1}
            style={{ height: size, transform: `translateY(${row * size}px)` }}
            onClick={() => onOpen(row)}
          >
            {children(row, resting)}
          </div>
        ))}
      </div>
    </div>
  );
}

const rem = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize);
