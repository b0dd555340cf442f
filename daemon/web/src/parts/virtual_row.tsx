/** A row of many things of one width, of which those in sight are drawn. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { offsetFor, visible } from "../model/virtual";

interface Props {
  label: string;
  count: number;
  /** Rem. */
  width: number;
  height: number;
  /** The thing to bring into sight. */
  current: number;
  children: (place: number) => ComponentChildren;
}

export function VirtualRow({ label, count, width, height, current, children }: Props) {
  const element = useRef<HTMLOListElement>(null);
  const [place, setPlace] = useState({ offset: 0, viewport: 1200 });
  const size = width * rem();
  const measure = (): void => {
    const { scrollLeft, clientWidth } = element.current!;
    setPlace({ offset: scrollLeft, viewport: clientWidth });
  };
  useLayoutEffect(measure, [count]);
  useEffect(() => {
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  useEffect(() => {
    const { scrollLeft, clientWidth } = element.current!;
    if (current >= 0) element.current!.scrollLeft = offsetFor(current, scrollLeft, clientWidth, size);
  }, [current, size]);
  const { first, end } = visible(place.offset, place.viewport, size, count);
  const drawn = Array.from({ length: end - first }, (_, number) => first + number);
  return (
    <ol
      ref={element}
      class="virtual-row"
      aria-label={label}
      data-scrolls
      style={{ height: `${height}rem` }}
      onScroll={measure}
    >
      {drawn.map((number) => (
        <li key={number} aria-setsize={count} aria-posinset={number + 1} style={{ left: number * size, width: size }}>
          {children(number)}
        </li>
      ))}
      <li class="virtual-end" aria-hidden="true" style={{ left: count * size - 1 }} />
    </ol>
  );
}

const rem = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize);
