// A person's work in a tab: a reload of the page keeps it, the end of the session removes it.

import { useCallback, useSyncExternalStore } from "react";

const ALL = "rowgate.";
const DRAFTS = `${ALL}draft.`;

/** The keys of the session itself in the tab's sessionStorage. */
export const REFRESH = `${ALL}refresh`;
export const USERNAME = `${ALL}username`;

const values = new Map<string, unknown>();
const listeners = new Set<() => void>();
const forgetters = new Set<() => void>();

function notify(): void {
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The key under which the formats of a load's values are kept. */
export const settingsKey = (load: string): string => `settings.${load}`;

export function readStored<T>(key: string): T | null {
  if (!values.has(key)) {
    values.set(key, stored(key));
  }
  return values.get(key) as T | null;
}

function stored(key: string): unknown {
  try {
    const text = sessionStorage.getItem(DRAFTS + key);
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Keeps a value in this tab; null forgets it. Returns false where there is no room to keep it over
 * a reload.
 */
export function store(key: string, value: unknown): boolean {
  values.set(key, value ?? null);
  try {
    if (value === null || value === undefined) {
      sessionStorage.removeItem(DRAFTS + key);
    } else {
      sessionStorage.setItem(DRAFTS + key, JSON.stringify(value));
    }
    return true;
  } catch {
    // The stored draft is older than the value, and must not replace it.
    sessionStorage.removeItem(DRAFTS + key);
    return false;
  } finally {
    notify();
  }
}

/** Does something more where the work of this tab is forgotten. */
export function onForget(forget: () => void): void {
  forgetters.add(forget);
}

/** Removes all that this tab keeps but the session itself, whichever page has kept it. */
export function clearStored(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(ALL) && key !== REFRESH && key !== USERNAME) {
      sessionStorage.removeItem(key);
    }
  }
  values.clear();
  for (const forget of forgetters) {
    forget();
  }
  notify();
}

/**
 * State that a reload of the page keeps, and that pages share by its key; `initial` applies until
 * it is set.
 */
export function useStored<T>(key: string, initial: T): [T, (change: T | ((now: T) => T)) => void] {
  const value = useSyncExternalStore(subscribe, () => readStored<T>(key)) ?? initial;
  const set = useCallback(
    (change: T | ((now: T) => T)) => {
      const now = readStored<T>(key) ?? initial;
      store(key, typeof change === "function" ? (change as (now: T) => T)(now) : change);
    },
    [key, initial],
  );
  return [value, set];
}
