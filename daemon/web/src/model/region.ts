/** A box on a picture, in its pixels. */

export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The smallest side, in pixels, of a box that is worth a search. */
export const MIN_REGION_SIDE = 16;

/** The box between two points, inside the picture; null where it is too small. */
export function regionBetween(from: [number, number], to: [number, number], within: Size): Region | null {
  const [left, right] = ordered(from[0], to[0]).map((x) => clamped(Math.round(x), within.width));
  const [top, bottom] = ordered(from[1], to[1]).map((y) => clamped(Math.round(y), within.height));
  const region = { x: left!, y: top!, width: right! - left!, height: bottom! - top! };
  return region.width < MIN_REGION_SIDE || region.height < MIN_REGION_SIDE ? null : region;
}

/** The box moved by some pixels, kept inside the picture. */
export function moved(region: Region, dx: number, dy: number, within: Size): Region {
  return {
    ...region,
    x: Math.min(Math.max(0, region.x + dx), within.width - region.width),
    y: Math.min(Math.max(0, region.y + dy), within.height - region.height),
  };
}

/** The box with other lower right corner, at least `MIN_REGION_SIDE` wide and high. */
export function resized(region: Region, dx: number, dy: number, within: Size): Region {
  return {
    ...region,
    width: Math.min(Math.max(MIN_REGION_SIDE, region.width + dx), within.width - region.x),
    height: Math.min(Math.max(MIN_REGION_SIDE, region.height + dy), within.height - region.y),
  };
}

const ordered = (one: number, other: number): [number, number] => [Math.min(one, other), Math.max(one, other)];
const clamped = (value: number, limit: number): number => Math.min(Math.max(0, value), limit);
