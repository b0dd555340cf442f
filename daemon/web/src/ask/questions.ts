/** The questions that are open, and what the service says to each. */

import { computed, signal } from "@preact/signals";
import { askClip, askInOrder, askPicture, type Stage } from "../api/query";
import type { Answer, ClipAnswer, OrderedAnswer } from "../api/types";
import type { Region } from "../model/region";
import { previewOf, type Preview } from "./preview";

export interface Question {
  key: number;
  kind: "picture" | "clip";
  blob: Blob;
  name: string;
  /** How this browser shows it; null until that is known, and where it cannot. */
  preview: Preview | null;
  region: Region | null;
}

export type Phase = "sent" | Stage | "done" | "failed";

export interface Asked {
  phase: Phase;
  picture: Answer | null;
  clip: ClipAnswer | null;
  ordered: OrderedAnswer | null;
  error: unknown;
  /** Milliseconds until the first candidates, and until the answer, as this page saw them. */
  first_ms: number | null;
  took_ms: number | null;
}

/** The key under which the answer to all pictures in order is kept. */
export const IN_ORDER = 0;

export const questions = signal<readonly Question[]>([]);
export const currentKey = signal(IN_ORDER);
export const answers = signal<ReadonlyMap<number, Asked>>(new Map());
export const within = signal<readonly string[]>([]);
export const everywhere = signal(false);
export const inOrder = signal(false);

export const current = computed(() => questions.value.find((one) => one.key === currentKey.value) ?? null);
export const pictures = computed(() => questions.value.filter((one) => one.kind === "picture"));
export const shown = computed(() => answers.value.get(inOrder.value ? IN_ORDER : currentKey.value) ?? null);

/** How long a box rests before it is searched: arrow keys move it in steps. */
const REST_MS = 250;

let lastKey = IN_ORDER;
let resting: ReturnType<typeof setTimeout> | undefined;
const running = new Map<number, AbortController>();

/** Puts questions in the place of those before, or beside them, and asks them. */
export function addQuestions(blobs: readonly { blob: Blob; name: string }[], beside = false): void {
  if (blobs.length === 0) return;
  if (!beside) clear();
  const added = blobs.map(({ blob, name }): Question => {
    const kind = blob.type.startsWith("video/") ? "clip" : "picture";
    return { key: ++lastKey, kind, blob, name, preview: null, region: null };
  });
  questions.value = [...questions.value, ...added];
  currentKey.value = added[0]!.key;
  for (const one of added) void showPreview(one);
  void askAll(added);
}

export function clear(): void {
  for (const one of questions.value) forget(one);
  questions.value = [];
  answers.value = new Map();
  inOrder.value = false;
  currentKey.value = IN_ORDER;
}

export function remove(key: number): void {
  const gone = questions.value.find((one) => one.key === key);
  if (gone) forget(gone);
  questions.value = questions.value.filter((one) => one.key !== key);
  if (currentKey.value === key) currentKey.value = questions.value[0]?.key ?? IN_ORDER;
  if (pictures.value.length < 2) inOrder.value = false;
}

/** Searches a part of a picture, once the box has come to rest. */
export function setRegion(key: number, region: Region | null): void {
  change(key, { region });
  clearTimeout(resting);
  resting = setTimeout(() => {
    const question = questions.value.find((one) => one.key === key);
    if (question) void ask(question);
  }, REST_MS);
}

export function setInOrder(chosen: boolean): void {
  inOrder.value = chosen;
  if (chosen) void askTogether();
}

/** Asks again what is shown, after a limit has changed or a failure. */
export function askAgain(): void {
  if (inOrder.value) void askTogether();
  else void askAll(questions.value);
}

async function askAll(all: readonly Question[]): Promise<void> {
  for (const question of all) await ask(question); // one after the other: the first answer comes first
}

async function ask(question: Question): Promise<void> {
  await follow(question.key, async (signal, note) => {
    const options = { region: question.region, within: within.value, everywhere: everywhere.value, signal };
    if (question.kind === "clip") return { clip: await askClip(question.blob, options) };
    const picture = await askPicture(question.blob, options, (phase, early) => note({ phase, picture: early }));
    return { picture };
  });
}

async function askTogether(): Promise<void> {
  const blobs = pictures.value.map((one) => one.blob);
  await follow(IN_ORDER, async (signal) => ({
    ordered: await askInOrder(blobs, { within: within.value, signal }),
  }));
}

type Work = (signal: AbortSignal, note: (part: Partial<Asked>) => void) => Promise<Partial<Asked>>;

/** Runs a search, keeps what it says, and ends one that was running under the same key. */
async function follow(key: number, work: Work): Promise<void> {
  running.get(key)?.abort();
  const controller = new AbortController();
  running.set(key, controller);
  const started = performance.now();
  const since = (): number => performance.now() - started;
  let asked: Asked = {
    ...{ phase: "sent", picture: null, clip: null, ordered: null },
    ...{ error: null, first_ms: null, took_ms: null },
  };
  const note = (part: Partial<Asked>): void => {
    if (running.get(key) !== controller) return;
    asked = { ...asked, ...part };
    if (asked.phase === "shortlist") asked.first_ms ??= since();
    answers.value = new Map(answers.value).set(key, asked);
  };
  note({});
  try {
    const found = await work(controller.signal, note);
    note({ ...found, phase: "done", took_ms: since() });
  } catch (error) {
    note({ phase: "failed", error });
  }
}

async function showPreview(question: Question): Promise<void> {
  const preview = await previewOf(question.blob);
  if (questions.value.some((one) => one.key === question.key)) change(question.key, { preview });
  else URL.revokeObjectURL(preview.address);
}

function change(key: number, part: Partial<Question>): void {
  questions.value = questions.value.map((one) => (one.key === key ? { ...one, ...part } : one));
}

function forget(question: Question): void {
  running.get(question.key)?.abort();
  running.delete(question.key);
  if (question.preview) URL.revokeObjectURL(question.preview.address);
}

