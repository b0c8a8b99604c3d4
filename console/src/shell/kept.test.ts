import { beforeEach, expect, it, vi } from "vitest";
import { forgetKept, keep, onForget, readKept, REFRESH } from "./kept";

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
  forgetKept();
});

it("keeps a value over a reload", () => {
  expect(keep("a", { b: 1 })).toBe(true);
  expect(kept.get("rowgate.draft.a")).toBe('{"b":1}');
  kept.set("rowgate.draft.c", "[2]");
  expect(readKept("c")).toEqual([2]);
  keep("a", null);
  expect(kept.has("rowgate.draft.a")).toBe(false);
});

it("has what there is no room for until the reload, and nothing older after it", () => {
  keep("a", 1);
  full = true;
  expect(keep("a", 2)).toBe(false);
  expect(readKept("a")).toBe(2);
  expect(kept.has("rowgate.draft.a")).toBe(false);
});

it("forgets all but the session", () => {
  const forgotten = vi.fn();
  onForget(forgotten);
  keep("a", 1);
  kept.set("rowgate.list.employees", "#/tables/employees?value=Ann");
  kept.set("rowgate.before.r1", "{}");
  kept.set(REFRESH, "r");
  kept.set("other", "x");
  forgetKept();
  expect([...kept.keys()]).toEqual([REFRESH, "other"]);
  expect(readKept("a")).toBeNull();
  expect(forgotten).toHaveBeenCalledOnce();
});
