import { type DependencyList, useCallback, useEffect, useRef, useState } from "react";

export interface Resource<T> {
  data: T | null;
  error: Error | null;
  loading: boolean;
  /** Reads it again; what there is stays on the page meanwhile. */
  reload: () => void;
  setData: (data: T) => void;
}

/** Reads something of the API when the page opens and whenever `deps` change; answers that come too late are dropped. */
export function useResource<T>(
  read: (signal: AbortSignal) => Promise<T>,
  deps: DependencyList,
  { every }: { every?: number | null } = {},
): Resource<T> {
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [loading, setLoading] = useState(true);
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const reload = useCallback(() => setTurn((turn) => turn + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller names what the reading depends on.
  useEffect(() => {
    const abort = new AbortController();
    setLoading(true);
    latest
      .current(abort.signal)
      .then((data) => {
        if (!abort.signal.aborted) {
          setData(data);
          setError(null);
        }
      })
      .catch((error: Error) => {
        if (!abort.signal.aborted) {
          setError(error);
        }
      })
      .finally(() => {
        if (!abort.signal.aborted) {
          setLoading(false);
        }
      });
    return () => abort.abort();
  }, [...deps, turn]);

  useEffect(() => {
    if (!every) {
      return;
    }
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), every);
    return () => clearInterval(timer);
  }, [every, reload]);

  return { data, error, loading, reload, setData };
}
