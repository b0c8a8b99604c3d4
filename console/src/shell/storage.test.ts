import { beforeEach, expect, it, vi } from "vitest";
import { clearStored, store, onForget, readStored, REFRESH } from "./storage";

let kept: Map<string, string>;
let full: boolean;

beforeEach(() => {
  kept = new Map();
  full = false;
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (full) {
        throw new DOMException("full", "QuotaExceededError");
      }
      kept.set(key, value);
    },
    removeItem: (key: string) => kept.delete(key),
  };
  vi.stubGlobal(
    "sessionStorage",
    new Proxy(storage, {
      ownKeys: () => [...kept.keys()],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    }),
  );
  clearStored();
});

it("keeps a value over a reload", () => {
  expect(store("a", { b: 1 })).toBe(true);
  expect(kept.get("rowgate.draft.a")).toBe('{"b":1}');
  kept.set("rowgate.draft.c", "[2]");
  expect(readStored("c")).toEqual([2]);
  store("a", null);
  expect(kept.has("rowgate.draft.a")).toBe(false);
});

it("has what there is no room for until the reload, and nothing older after it", () => {
  store("a", 1);
  full = true;
  expect(store("a", 2)).toBe(false);
  expect(readStored("a")).toBe(2);
  expect(kept.has("rowgate.draft.a")).toBe(false);
});

it("forgets all but the session", () => {
  const forgotten = vi.fn();
  onForget(forgotten);
  store("a", 1);
  kept.set("rowgate.list.employees", "#/tables/employees?value=Ann");
  kept.set("rowgate.before.r1", "{}");
  kept.set(REFRESH, "r");
  kept.set("other", "x");
  clearStored();
  expect([...kept.keys()]).toEqual([REFRESH, "other"]);
  expect(readStored("a")).toBeNull();
  expect(forgotten).toHaveBeenCalledOnce();
});
