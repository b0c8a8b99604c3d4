import { beforeEach, expect, it, vi } from "vitest";
import { later, nextLook } from "./look";
import { ProblemError } from "./problem";

const problem = (status: number) => new ProblemError({ type: "about:blank", title: "", status, detail: "" });

it("looks again, more seldom after failures, and not at what is final", () => {
  expect(nextLook(2000, null, 0)).toBe(2000);
  expect(nextLook(null, null, 0)).toBeNull();
  expect(nextLook(2000, problem(404), 1)).toBeNull();
  expect(nextLook(2000, problem(403), 1)).toBeNull();
  expect(nextLook(2000, problem(429), 1)).toBe(4000);
  expect(nextLook(2000, problem(503), 3)).toBe(16_000);
  expect(nextLook(2000, problem(0), 10)).toBe(60_000);
  expect(nextLook(90_000, problem(0), 1)).toBe(90_000);
});

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });

beforeEach(() => {
  vi.useFakeTimers();
  page.visibilityState = "visible";
  vi.stubGlobal("document", page);
  return () => vi.useRealTimers();
});

it("waits where the page is out of sight", () => {
  const look = vi.fn();
  later(1000, look);
  page.visibilityState = "hidden";
  vi.advanceTimersByTime(10_000);
  expect(look).not.toHaveBeenCalled();
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  page.dispatchEvent(new Event("visibilitychange"));
  expect(look).toHaveBeenCalledOnce();
});

it("can be called off", () => {
  const look = vi.fn();
  const off = later(1000, look);
  off();
  vi.advanceTimersByTime(2000);
  expect(look).not.toHaveBeenCalled();
});
