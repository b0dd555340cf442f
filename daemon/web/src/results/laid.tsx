/** The question laid over the frame where it was found, as strongly as wished. */

import { useEffect, useRef, useState } from "preact/hooks";
import { cssTransform } from "../model/homography";
import type { Size } from "../model/region";

interface Props {
  address: string;
  size: Size;
  frame: Size;
  /** From pixels of the question to pixels of the frame. */
  map: readonly number[];
  /** Per cent. */
  share: number;
}

export function Laid({ address, size, frame, map, share }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState(0);
  useEffect(() => {
    const measure = new ResizeObserver(([entry]) => setScale((entry?.contentRect.width ?? 0) / frame.width));
    measure.observe(holder.current!);
    return () => measure.disconnect();
  }, [frame.width]);
  return (
    <div class="laid" ref={holder} style={{ opacity: share / 100 }}>
      <div class="laid-frame" style={{ width: frame.width, height: frame.height, transform: `scale(${scale})` }}>
        <img
          class="laid-question"
          src={address}
          alt=""
          style={{ width: size.width, height: size.height, transform: cssTransform(map) }}
        />
      </div>
    </div>
  );
}
