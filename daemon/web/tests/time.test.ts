import { describe, expect, test } from "vitest";
import { clock, mpvCommand, parseTime, rounded, timeCode } from "../src/model/time";

describe("a clock", () => {
  test.each([
    [0, "0:00.00"],
    [12.48, "0:12.48"],
    [59.999, "1:00.00"],
    [3599.994, "59:59.99"],
    [3723.5, "1:02:03.50"],
    [-1, "0:00.00"],
  ])("shows %d s as %s", (seconds, text) => expect(clock(seconds)).toBe(text));

  test("may leave the fraction out", () => expect(clock(3599.6, 0)).toBe("1:00:00"));
});

test("a time code has milliseconds and two digits for hours", () => {
  expect(timeCode(3723.4804)).toBe("01:02:03.480");
  expect(timeCode(59.9996)).toBe("00:01:00.000");
});

describe("a typed time", () => {
  test.each([
    ["12.5", 12.5],
    ["12,5", 12.5],
    ["1:02", 62],
    ["1:02:03.48", 3723.48],
    [" 0:07 ", 7],
  ])("%s", (text, seconds) => expect(parseTime(text)).toBeCloseTo(seconds, 6));

  test.each(["", "x", "1:2:3:4", "-3", "1:"])("%j is none", (text) => expect(parseTime(text)).toBeNull());

  test("is read back from every time code", () => {
    for (const seconds of [0, 0.001, 61.5, 3599.999, 86_399.25]) {
      expect(parseTime(timeCode(seconds))).toBeCloseTo(seconds, 6);
    }
  });
});

test("a length of time is told in a unit that counts at least two", () => {
  expect(rounded(119)).toEqual({ count: 119, unit: "second" });
  expect(rounded(120)).toEqual({ count: 2, unit: "minute" });
  expect(rounded(3 * 3600 + 60)).toEqual({ count: 3, unit: "hour" });
  expect(rounded(4 * 86_400)).toEqual({ count: 4, unit: "day" });
});

describe("the command of mpv", () => {
  test("leaves plain paths alone", () => {
    expect(mpvCommand("/media/a.mp4", 12.48)).toBe("mpv --start=12.480 -- /media/a.mp4");
  });

  test("quotes what a shell would read otherwise", () => {
    expect(mpvCommand("/media/it's $(rm -rf).mp4", 1)).toBe(`mpv --start=1.000 -- '/media/it'\\''s $(rm -rf).mp4'`);
  });
});
