import { useState } from "react";

export interface Task {
  busy: boolean;
  /** Why it failed the last time. */
  error: Error | null;
  /** Does it, unless it is being done. */
  run: (work: () => Promise<void>) => Promise<void>;
}

/** Does something that a person asks for, once at a time. */
export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  async function run(work: () => Promise<void>) {
    if (busy) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (caught) {
      setError(caught as Error);
    } finally {
      setBusy(false);
    }
  }
  return { busy, error, run };
}
