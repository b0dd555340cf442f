import { describe, expect, test } from "vitest";
import { offsetFor, pagesOf, visible } from "../src/model/virtual";

describe("the rows to draw", () => {
  test("are those in sight and a few more", () => {
    expect(visible(1000, 500, 50, 100_000, 6)).toEqual({ first: 14, end: 36 });
  });

  test("end where the list ends", () => {
    expect(visible(0, 500, 50, 4)).toEqual({ first: 0, end: 4 });
    expect(visible(5_000_000, 500, 50, 100_000).end).toBe(100_000);
    expect(visible(0, 500, 50, 0)).toEqual({ first: 0, end: 0 });
  });

  test("are few, wherever the list stands", () => {
    for (let offset = 0; offset <= 5_000_000; offset += 9973) {
      const { first, end } = visible(offset, 700, 50, 100_000, 6);
      expect(first).toBeLessThanOrEqual(offset / 50);
      expect(end).toBeGreaterThanOrEqual(Math.min(100_000, (offset + 700) / 50));
      expect(end - first).toBeLessThanOrEqual(700 / 50 + 14);
    }
  });

  test("are still one where a list became shorter than where it stands", () => {
    const { first, end } = visible(10_000, 500, 50, 20);
    expect(first).toBeLessThan(end);
    expect(end).toBe(20);
  });
});

test("a window touches the pages of its rows and no other", () => {
  expect(pagesOf({ first: 150, end: 401 }, 100)).toEqual([1, 2, 3, 4]);
  expect(pagesOf({ first: 0, end: 100 }, 100)).toEqual([0]);
  expect(pagesOf({ first: 0, end: 0 }, 100)).toEqual([]);
});

test("a row is brought into sight by the shortest way", () => {
  expect(offsetFor(3, 0, 500, 50)).toBe(0);
  expect(offsetFor(20, 0, 500, 50)).toBe(550);
  expect(offsetFor(2, 1000, 500, 50)).toBe(100);
});
