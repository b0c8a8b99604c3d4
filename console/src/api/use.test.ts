import { expect, it } from "vitest";
import { ofDeps, type Read } from "./use";

const read = (...deps: unknown[]): Read<string> => ({ deps, data: "rows", error: null, failures: 0 });

it("shows nothing of other parameters", () => {
  const jobs = read("jobs", 1);
  expect(ofDeps(jobs, ["jobs", 1])).toBe(jobs);
  expect(ofDeps(jobs, ["jobs", 2])).toBeNull();
  expect(ofDeps(jobs, ["employees", 1])).toBeNull();
  expect(ofDeps(jobs, ["jobs"])).toBeNull();
  expect(ofDeps(null, [])).toBeNull();
  expect(ofDeps(read(Number.NaN), [Number.NaN])).not.toBeNull();
});
