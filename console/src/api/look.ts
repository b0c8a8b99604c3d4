// Decides if and when to read again.

import { ProblemError } from "./problem";

const SLOWEST = 60_000;

/**
 * Returns true where asking again gives the same answer: of the 4xx all but "too slow" and "too
 * often".
 */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof ProblemError && error.status >= 400 && error.status < 500 && ![408, 429].includes(error.status)
  );
}

/** Returns after how long the next look comes; null for none. Each failure in a row doubles it. */
export function nextLook(every: number | null | undefined, error: Error | null, failures: number): number | null {
  if (!every || isFinal(error)) {
    return null;
  }
  return failures === 0 ? every : Math.max(every, Math.min(SLOWEST, every * 2 ** failures));
}

/** Does something after a while, once the page is in sight. Returns what calls it off. */
export function later(milliseconds: number, then: () => void): () => void {
  const look = () => {
    if (document.visibilityState !== "hidden") {
      off();
      then();
    }
  };
  const timer = setTimeout(() => {
    document.addEventListener("visibilitychange", look);
    look();
  }, milliseconds);
  const off = () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
  return off;
}

/** Waits a while, and until the page is in sight. */
export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const off = later(milliseconds, () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    const abort = () => {
      off();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}
