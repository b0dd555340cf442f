/** The texts in the language of the browser, or the one that was chosen. */

import { computed, signal } from "@preact/signals";
import { rounded } from "../model/time";
import { de } from "./de";
import { en, type TextKey } from "./en";

export type Language = "en" | "de";
export const LANGUAGES: Record<Language, string> = { en: "English", de: "Deutsch" };

const CHOSEN = "cbvir-language";
const TEXTS: Record<Language, Record<TextKey, string>> = { en, de };

/** Keys that count something, without `.one` and `.other`. */
export type CountKey = TextKey extends infer K ? (K extends `${infer Base}.other` ? Base : never) : never;

type Values = Record<string, string | number>;

export const language = signal<Language>(firstLanguage());
const plural = computed(() => new Intl.PluralRules(language.value));
const formats = computed(() => new Map<number, Intl.NumberFormat>([[0, formatOf(language.value, 0)]]));

/** A text with its values filled in. */
export function t(key: TextKey, values: Values = {}): string {
  return filled(TEXTS[language.value][key] ?? key, values);
}

/** A text about so many things. */
export function counted(key: CountKey, count: number, values: Values = {}): string {
  const form = plural.value.select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}` as TextKey, { count: number(count), ...values });
}

/** A number as the language writes it. */
export function number(value: number, digits = 0): string {
  const made = formats.value;
  if (!made.has(digits)) made.set(digits, formatOf(language.value, digits)); // making one is dear
  return made.get(digits)!.format(value);
}

/** A share that never rounds onto 0 or 100 per cent, nor onto a threshold. */
export function perCent(share: number): string {
  const per = Math.floor(share * 1000) / 10;
  return `${number(share > 0 && per === 0 ? 0.1 : per, 1)} %`;
}

/** A length of time in words: "3 minutes". */
export function duration(seconds: number): string {
  const { count, unit } = rounded(seconds);
  return counted(`unit.${unit}`, count);
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  return `${number(count / 1000 ** power, power > 1 ? 1 : 0)} ${units[power]}`;
}

export function choose(chosen: Language): void {
  language.value = chosen;
  if (typeof document !== "undefined") document.documentElement.lang = chosen;
  try {
    localStorage.setItem(CHOSEN, chosen);
  } catch {
    // A browser that stores nothing asks for its own language next time.
  }
}

export function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function formatOf(chosen: Language, digits: number): Intl.NumberFormat {
  return new Intl.NumberFormat(chosen, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function firstLanguage(): Language {
  if (typeof navigator === "undefined") return "en";
  let wanted: readonly string[] = navigator.languages ?? [];
  try {
    wanted = [localStorage.getItem(CHOSEN) ?? "", ...wanted];
  } catch {
    // Without storage the browser's languages count.
  }
  const found = wanted.map((one) => one.slice(0, 2)).find((one) => one in TEXTS);
  return (found as Language | undefined) ?? "en";
}
