// A browser's storage in memory, for tests.

import { vi } from "vitest";

export interface TestStorage {
  readonly values: Map<string, string>;
  /** True: it has no room for a value. */
  full: boolean;
}

/** Puts an empty storage in place of the browser's, and returns what it holds. */
export function stubStorage(name: "localStorage" | "sessionStorage"): TestStorage {
  const values = new Map<string, string>();
  const held: TestStorage = { values, full: false };
  const storage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (held.full) {
        throw new DOMException("full", "QuotaExceededError");
      }
      values.set(key, value);
    },
    removeItem: (key: string) => values.delete(key),
  };
  // Object.keys(sessionStorage) has the keys that are stored.
  const keys = {
    ownKeys: () => [...values.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  };
  vi.stubGlobal(name, new Proxy(storage, keys));
  return held;
}
