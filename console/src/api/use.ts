import { type DependencyList, useCallback, useEffect, useRef, useState } from "react";
import { later, nextLook } from "./look";

export interface Resource<T> {
  data: T | null;
  error: Error | null;
  loading: boolean;
  /** Reads it again; what there is stays on the page meanwhile. */
  reload: () => void;
}

/** In how many milliseconds after a read the next one begins; null for none. */
export type Every<T> = number | null | ((data: T | null) => number | null);

/** The result of reads with these `deps`. */
export interface Read<T> {
  deps: DependencyList;
  data: T | null;
  error: Error | null;
  /** Reads in a row that failed. */
  failures: number;
}

/** Returns the result of reads with the same `deps`; a result for others does not apply. */
export function ofDeps<T>(read: Read<T> | null, deps: DependencyList): Read<T> | null {
  const same =
    read !== null && read.deps.length === deps.length && read.deps.every((one, index) => Object.is(one, deps[index]));
  return same ? read : null;
}

/**
 * Reads something of the API when the page opens and whenever `deps` change; answers that come too
 * late are dropped. `every` counts from the end of a read, so that a slow answer is waited for.
 */
export function useResource<T>(
  read: (signal: AbortSignal) => Promise<T>,
  deps: DependencyList,
  { every = null }: { every?: Every<T> } = {},
): Resource<T> {
  const [last, setLast] = useState<Read<T> | null>(null);
  const [reading, setReading] = useState(true);
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const reload = useCallback(() => setTurn((turn) => turn + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller names what the reading depends on.
  useEffect(() => {
    const abort = new AbortController();
    const end = (next: (before: Read<T> | null) => Read<T>) => {
      if (!abort.signal.aborted) {
        setLast((last) => next(ofDeps(last, deps)));
        setReading(false);
      }
    };
    setReading(true);
    latest.current(abort.signal).then(
      (data) => end(() => ({ deps, data, error: null, failures: 0 })),
      (error: Error) =>
        end((before) => ({ deps, data: before?.data ?? null, error, failures: (before?.failures ?? 0) + 1 })),
    );
    return () => abort.abort();
  }, [...deps, turn]);

  const current = ofDeps(last, deps);
  const data = current?.data ?? null;
  const error = current?.error ?? null;
  const loading = reading || current === null;
  const rhythm = typeof every === "function" ? every(data) : every;
  const pause = loading ? null : nextLook(rhythm, error, current.failures);

  // biome-ignore lint/correctness/useExhaustiveDependencies: every read that has ended (`last`) starts the pause anew.
  useEffect(() => (pause === null ? undefined : later(pause, reload)), [pause, last, reload]);

  return { data, error, loading, reload };
}
