/** The picture of a question, on which a box can be drawn by pointer or keyboard. */

import { useRef, useState } from "preact/hooks";
import { moved, regionBetween, resized, type Region, type Size } from "../model/region";
import { t } from "../texts/texts";

interface Props {
  address: string;
  name: string;
  size: Size;
  region: Region | null;
  onRegion: (region: Region | null) => void;
}

type Point = [number, number];

export function BoxedPicture({ address, name, size, region, onRegion }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState<Point | null>(null);
  const [draft, setDraft] = useState<Region | null>(null);
  const at = (event: PointerEvent): Point => {
    const box = frame.current!.getBoundingClientRect();
    const scale = size.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  const begin = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    frame.current!.setPointerCapture(event.pointerId);
    setStart(at(event));
  };
  const go = (event: PointerEvent): void => {
    if (start) setDraft(regionBetween(start, at(event), size));
  };
  const end = (event: PointerEvent): void => {
    const drawn = start && regionBetween(start, at(event), size);
    setStart(null);
    setDraft(null);
    if (drawn) onRegion(drawn);
  };
  const press = (event: KeyboardEvent): void => {
    const next = afterKey(event, region, size);
    if (next === undefined) return;
    event.preventDefault();
    onRegion(next);
  };
  return (
    <div
      ref={frame}
      class="boxed"
      role="application"
      tabIndex={0}
      aria-label={t("box.label")}
      onPointerDown={begin}
      onPointerMove={go}
      onPointerUp={end}
      onPointerCancel={() => setStart(null)}
      onKeyDown={press}
    >
      <img src={address} alt={name} draggable={false} />
      <BoxOverlay size={size} region={draft ?? region} />
    </div>
  );
}

/** What lies outside of the box is dimmed. */
function BoxOverlay({ size, region }: { size: Size; region: Region | null }) {
  if (!region) return null;
  const { x, y, width, height } = region;
  const outside = `M0 0H${size.width}V${size.height}H0ZM${x} ${y}V${y + height}H${x + width}V${y}Z`;
  return (
    <svg class="box-overlay" viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
      <path d={outside} class="box-outside" />
      <rect {...{ x, y, width, height }} class="box-edge" />
    </svg>
  );
}

/** The box after a key; undefined for keys that do not change it. */
function afterKey(event: KeyboardEvent, region: Region | null, size: Size): Region | null | undefined {
  if (event.key === "Enter" && !region) {
    const [width, height] = [Math.round(size.width / 2), Math.round(size.height / 2)];
    return { x: Math.round(width / 2), y: Math.round(height / 2), width, height };
  }
  if (!region) return undefined;
  if (event.key === "Delete" || event.key === "Backspace") return null;
  const step = Math.max(1, Math.round(size.width / 50));
  const steps: Record<string, Point> = {
    ...{ ArrowLeft: [-step, 0], ArrowRight: [step, 0] },
    ...{ ArrowUp: [0, -step], ArrowDown: [0, step] },
  };
  const by = steps[event.key];
  if (!by) return undefined;
  return event.shiftKey ? resized(region, ...by, size) : moved(region, ...by, size);
}
