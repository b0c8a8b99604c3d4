import { describe, expect, it } from "vitest";
import { firstGap } from "./freeKey";

describe("firstGap", () => {
  it("is the number behind the last one, where there is none before", () => {
    expect(firstGap(3n, [])).toEqual({ free: 4n, found: false });
    expect(firstGap(3n, [4n, 5n])).toEqual({ free: 6n, found: false });
  });
  it("is the first number that is left out", () => {
    expect(firstGap(3n, [4n, 6n, 900n])).toEqual({ free: 5n, found: true });
    expect(firstGap(0n, [7n])).toEqual({ free: 1n, found: true });
  });
});
