/** A document that a view shows, read again when the service tells of a change. */

import { useEffect, useState } from "preact/hooks";
import { getJson, type Parameters } from "../api/client";
import { listen } from "../api/live";

export interface Read<T> {
  value: T | null;
  error: unknown;
  again: () => void;
}

const REFRESH_MS = 1000;

/** `kinds` are the events after which it is read again, at most once a second. */
export function useRead<T>(path: string, kinds: readonly string[] = [], parameters: Parameters = {}): Read<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  const again = (): void => setTurn((before) => before + 1);
  const asked = JSON.stringify(parameters);
  useEffect(() => {
    const controller = new AbortController();
    getJson<T>(path, parameters, controller.signal).then(
      (found) => {
        setValue(found);
        setError(null);
      },
      (failure: unknown) => {
        if (!controller.signal.aborted) setError(failure);
      },
    );
    return () => controller.abort();
  }, [path, asked, turn]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = listen(({ kind }) => {
      if (kind !== "again" && !kinds.includes(kind)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        again();
      }, REFRESH_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [kinds.join()]);
  return { value, error, again };
}
