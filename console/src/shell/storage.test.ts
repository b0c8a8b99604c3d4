import { beforeEach, expect, it, vi } from "vitest";
import { clearStored, store, onForget, readStored, REFRESH } from "./storage";
import { stubStorage, type TestStorage } from "../testing/storage";

let storage: TestStorage;

beforeEach(() => {
  storage = stubStorage("sessionStorage");
  clearStored();
});

it("keeps a value over a reload", () => {
  expect(store("a", { b: 1 })).toBe(true);
  expect(storage.values.get("rowgate.draft.a")).toBe('{"b":1}');
  storage.values.set("rowgate.draft.c", "[2]");
  expect(readStored("c")).toEqual([2]);
  store("a", null);
  expect(storage.values.has("rowgate.draft.a")).toBe(false);
});

it("has what there is no room for until the reload, and nothing older after it", () => {
  store("a", 1);
  storage.full = true;
  expect(store("a", 2)).toBe(false);
  expect(readStored("a")).toBe(2);
  expect(storage.values.has("rowgate.draft.a")).toBe(false);
});

it("forgets all but the session", () => {
  const forgotten = vi.fn();
  onForget(forgotten);
  store("a", 1);
  storage.values.set("rowgate.list.employees", "#/tables/employees?value=Ann");
  storage.values.set("rowgate.before.r1", "{}");
  storage.values.set(REFRESH, "r");
  storage.values.set("other", "x");
  clearStored();
  expect([...storage.values.keys()]).toEqual([REFRESH, "other"]);
  expect(readStored("a")).toBeNull();
  expect(forgotten).toHaveBeenCalledOnce();
});
