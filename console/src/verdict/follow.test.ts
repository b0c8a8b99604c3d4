import { beforeEach, expect, it, vi } from "vitest";
import * as loads from "../api/loads";
import type { Load, LoadDetail } from "../api/types";
import { followLoad, LATE } from "./follow";

vi.mock("../api/loads");

const KEY = "incoming/jobs/append/a.csv";
const load = (status: Load["status"]) => ({ load: "l2", status }) as LoadDetail;
const found = (...loads: Load[]) => ({ loads, next: null });
const page = Object.assign(new EventTarget(), { visibilityState: "visible" });

beforeEach(() => {
  vi.resetAllMocks();
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  return () => vi.useRealTimers();
});

it("follows the load that is new until it has ended", async () => {
  vi.mocked(loads.listLoads).mockResolvedValue(found({ load: "l1" } as Load, load("running")));
  vi.mocked(loads.getLoad).mockResolvedValue(load("completed"));
  const [onLoad, onLate] = [vi.fn(), vi.fn()];
  const followed = followLoad(KEY, ["l1"], null, onLoad, onLate, new AbortController().signal);
  await vi.runAllTimersAsync();
  expect(await followed).toEqual(load("completed"));
  expect(onLoad.mock.calls).toEqual([[load("running")], [load("completed")]]);
  expect(onLate).not.toHaveBeenCalled();
});

it("says so where no load begins, looks more seldom, and still sees one that comes", async () => {
  vi.mocked(loads.listLoads).mockResolvedValue(found());
  const [onLoad, onLate] = [vi.fn(), vi.fn()];
  const followed = followLoad(KEY, [], null, onLoad, onLate, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(LATE - 1000);
  expect(onLate).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(5000);
  expect(onLate).toHaveBeenCalledOnce();
  const looks = vi.mocked(loads.listLoads).mock.calls.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(vi.mocked(loads.listLoads).mock.calls.length - looks).toBe(4);
  expect(onLate).toHaveBeenCalledOnce();
  vi.mocked(loads.listLoads).mockResolvedValue(found(load("skipped")));
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await followed).toEqual(load("skipped"));
});

it("ends where the page is left", async () => {
  vi.mocked(loads.listLoads).mockResolvedValue(found());
  const left = new AbortController();
  const followed = expect(followLoad(KEY, [], null, vi.fn(), vi.fn(), left.signal)).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(1500);
  left.abort();
  await followed;
});
