/** Times as people read them, and as players and shells take them. */

/** `1:02:03.48`, `2:03.48` or `0:12.48`; `digits` after the point. */
export function clock(seconds: number, digits = 2): string {
  const scale = 10 ** digits;
  const ticks = Math.round(Math.max(0, seconds) * scale);
  const whole = Math.floor(ticks / scale);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const fraction = digits ? `.${String(ticks % scale).padStart(digits, "0")}` : "";
  const head = hours ? `${hours}:${two(minutes)}` : `${minutes}`;
  return `${head}:${two(rest)}${fraction}`;
}

/** `01:02:03.480`: the time code that is copied. */
export function timeCode(seconds: number): string {
  const ticks = Math.round(Math.max(0, seconds) * 1000);
  const whole = Math.floor(ticks / 1000);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map(two);
  return `${parts.join(":")}.${String(ticks % 1000).padStart(3, "0")}`;
}

/** Seconds of a time code as typed: `12.5`, `1:02`, `1:02:03.48`; null for anything else. */
export function parseTime(text: string): number | null {
  const found = /^(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:[.,]\d*)?)$/.exec(text.trim());
  if (!found) return null;
  const [, hours = "0", minutes = "0", seconds = "0"] = found;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds.replace(",", "."));
}

export type Unit = "second" | "minute" | "hour" | "day";

/** A length of time in its largest unit that counts at least two, or the smallest. */
export function rounded(seconds: number): { count: number; unit: Unit } {
  const units: [Unit, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  for (const [unit, size] of units) {
    if (seconds >= 2 * size) return { count: Math.round(seconds / size), unit };
  }
  return { count: Math.max(0, Math.round(seconds)), unit: "second" };
}

/** `mpv` at a moment, as it is typed into a shell. */
export function mpvCommand(path: string, seconds: number): string {
  return `mpv --start=${seconds.toFixed(3)} -- ${shellQuoted(path)}`;
}

export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const two = (number: number): string => String(number).padStart(2, "0");
