/** The live connection: events of the service, and its status, across restarts of it. */

import { signal } from "@preact/signals";
import { call, getJson } from "./client";
import { readEvents } from "./sse";
import type { Status } from "./types";

export type Connection = "starting" | "open" | "lost";

export const connection = signal<Connection>("starting");
export const status = signal<Status | null>(null);

/** `again` is no event of the service: the connection is back, and anything may have changed. */
export type LiveEvent = { kind: string; data: Record<string, unknown> };
type Listener = (event: LiveEvent) => void;

const listeners = new Set<Listener>();
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;
const STATUS_EVERY_MS = 1500;
/** Times as long as the status took to read, it is not read again. */
const STATUS_REST = 4;

/** Calls a function with each event; returns how to stop that. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function startLive(): void {
  void follow();
  addEventListener("visibilitychange", () => refreshStatus());
}

async function follow(): Promise<never> {
  let wait = FIRST_WAIT_MS;
  let lastId = "";
  for (;;) {
    try {
      const response = await call("/v1/events", { headers: lastId ? { "Last-Event-ID": lastId } : {} });
      const again = connection.value === "lost";
      connection.value = "open";
      wait = FIRST_WAIT_MS;
      refreshStatus();
      if (again) tell({ kind: "again", data: {} });
      for await (const event of readEvents(response)) {
        lastId = event.id || lastId;
        // `missed`: the service does not know any more what happened since the last event that was read.
        const kind = event.event === "missed" ? "again" : event.event;
        tell({ kind, data: JSON.parse(event.data) as Record<string, unknown> });
        refreshStatus();
      }
    } catch {
      // The reason does not matter: the service is away, or this browser is no longer known.
    }
    connection.value = "lost";
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(LONGEST_WAIT_MS, wait * 1.6);
  }
}

function tell(event: LiveEvent): void {
  for (const listener of listeners) listener(event);
}

let due: ReturnType<typeof setTimeout> | null = null;
let notBefore = 0;

/** Reads the status soon, not too often where that is work for the service, and not while nobody looks. */
export function refreshStatus(): void {
  if (due !== null || document.hidden) return;
  due = setTimeout(async () => {
    const began = performance.now();
    try {
      status.value = await getJson<Status>("/v1/status");
    } catch {
      // The next event, or the next connection, asks again.
    }
    const took = performance.now() - began;
    notBefore = performance.now() + Math.max(STATUS_EVERY_MS, STATUS_REST * took);
    due = null;
  }, Math.max(0, notBefore - performance.now()));
}
