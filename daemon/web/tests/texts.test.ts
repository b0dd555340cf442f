import { describe, expect, test } from "vitest";
import { de } from "../src/texts/de";
import { en, type TextKey } from "../src/texts/en";
import { bytes, choose, counted, filled, perCent } from "../src/texts/texts";

const keys = Object.keys(en).sort() as TextKey[];
const values = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe("both languages", () => {
  test("have the same texts", () => expect(Object.keys(de).sort()).toEqual(keys));

  test("fill in the same values", () => {
    for (const key of keys) expect(values(de[key]), key).toEqual(values(en[key]));
  });

  test("leave no text empty, and none that counts without its other form", () => {
    for (const key of keys) {
      expect(en[key].trim() && de[key].trim(), key).not.toBe("");
      const [base, form] = [key.replace(/\.(one|other)$/, ""), key.match(/\.(one|other)$/)?.[1]];
      if (form) expect(keys).toContain(`${base}.${form === "one" ? "other" : "one"}`);
    }
  });
});

test("texts count in the language's way", () => {
  choose("de");
  expect(counted("results.videos", 1)).toBe("in 1 Video");
  expect(counted("results.videos", 12_345)).toBe("in 12.345 Videos");
  choose("en");
  expect(counted("results.videos", 0)).toBe("in 0 videos");
});

test("a value is text, never markup or another value", () => {
  expect(filled("{a} and {b}", { a: "{b}", b: "<b>" })).toBe("{b} and <b>");
});

test("a probability rounds neither onto a threshold nor onto nothing", () => {
  choose("en");
  expect(perCent(0.89999)).toBe("89.9 %");
  expect(perCent(0.0001)).toBe("0.1 %");
  expect(perCent(1)).toBe("100.0 %");
});

test("sizes have units of a thousand", () => {
  choose("en");
  expect([0, 999, 1500, 64_000_000, 2.5e12].map(bytes)).toEqual(["0 B", "999 B", "2 kB", "64.0 MB", "2.5 TB"]);
});
