/** Work of the service that takes minutes: begun here, followed to its end. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, send } from "../api/client";
import { useRead } from "./use_read";

interface TaskState {
  number: number;
  running: boolean;
  done: number;
  total: number;
  error: { code: string; message: string } | null;
}

export interface Followed {
  state: TaskState | null;
  /** Why the last one failed, or why none can be begun. */
  error: unknown;
  start: () => void;
  stop: () => void;
}

const POLL_MS = 500;

/** `onEnd` is called when work ends that was seen to run, also if somebody else began it. */
export function useTask(path: string, onEnd: () => void): Followed {
  const { value, error, again } = useRead<TaskState>(path);
  const [refused, setRefused] = useState<unknown>(null);
  const running = value?.running ?? false;
  useEffect(() => {
    if (!running) return;
    const timer = setTimeout(again, POLL_MS);
    return () => clearTimeout(timer);
  }, [value, error]);
  const ran = useRef(false);
  useEffect(() => {
    if (ran.current && !running) onEnd();
    ran.current = running;
  }, [running]);
  const ask = (method: string): void => {
    setRefused(null);
    send<TaskState>(method, path).then(again, setRefused);
  };
  const failed = value?.error ? new ApiError(500, value.error.code, value.error.message) : null;
  return { state: value, error: refused ?? error ?? failed, start: () => ask("POST"), stop: () => ask("DELETE") };
}
