import { expect, test } from "vitest";
import { MIN_REGION_SIDE, moved, regionBetween, resized } from "../src/model/region";

const PICTURE = { width: 400, height: 300 };

test("a box lies between two points, whichever is first, inside the picture", () => {
  expect(regionBetween([90.4, 80], [10, -20], PICTURE)).toEqual({ x: 10, y: 0, width: 80, height: 80 });
  expect(regionBetween([380, 280], [900, 900], PICTURE)).toEqual({ x: 380, y: 280, width: 20, height: 20 });
});

test("a click is no box", () => expect(regionBetween([50, 50], [52, 90], PICTURE)).toBeNull());

test("a box stays inside when it is moved or resized", () => {
  const box = { x: 300, y: 200, width: 80, height: 60 };
  expect(moved(box, 50, 90, PICTURE)).toEqual({ ...box, x: 320, y: 240 });
  expect(moved(box, -999, -999, PICTURE)).toEqual({ ...box, x: 0, y: 0 });
  expect(resized(box, 999, -999, PICTURE)).toEqual({ ...box, width: 100, height: MIN_REGION_SIDE });
});
