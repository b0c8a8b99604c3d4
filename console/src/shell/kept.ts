import { useCallback, useState } from "react";

/** What a person has entered and not sent; a reload keeps it, the end of the session removes it. */
export const DRAFTS = "rowgate.draft.";

/** Where the forms of a load's values are kept. */
export const settingsKey = (load: string): string => `settings.${load}`;

export function readKept<T>(key: string): T | null {
  try {
    const text = sessionStorage.getItem(DRAFTS + key);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** Keeps a value in this tab; returns false where there is no room for it. */
export function keep(key: string, value: unknown): boolean {
  try {
    if (value === null || value === undefined) {
      sessionStorage.removeItem(DRAFTS + key);
    } else {
      sessionStorage.setItem(DRAFTS + key, JSON.stringify(value));
    }
    return true;
  } catch {
    sessionStorage.removeItem(DRAFTS + key);
    return false;
  }
}

/** Removes what was kept of this tab's work. */
export function forgetKept(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(DRAFTS)) {
      sessionStorage.removeItem(key);
    }
  }
}

/** State that a reload of the page keeps. */
export function useKept<T>(key: string, initial: T): [T, (change: T | ((now: T) => T)) => void] {
  const [value, setValue] = useState<T>(() => readKept<T>(key) ?? initial);
  const set = useCallback(
    (change: T | ((now: T) => T)) => {
      setValue((now) => {
        const next = typeof change === "function" ? (change as (now: T) => T)(now) : change;
        keep(key, next);
        return next;
      });
    },
    [key],
  );
  return [value, set];
}
