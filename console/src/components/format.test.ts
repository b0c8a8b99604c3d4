import { describe, expect, it } from "vitest";

import { ago, bytes, counted, duration, hoursSince, label, shortDay, time, withPlaces } from "./format";

const NOW = new Date("2026-11-29T12:00:00Z");

describe("format", () => {
  it("counts", () => {
    expect(counted(1, "row")).toBe("1 row");
    expect(counted(1234, "row")).toBe("1,234 rows");
    expect(counted(0, "entry", "entries")).toBe("0 entries");
  });

  it("shows times in UTC", () => {
    expect(time("2026-11-29T11:59:30.123Z")).toBe("2026-11-29 11:59:30 UTC");
    expect(time(null)).toBe("–");
    expect(shortDay("2026-11-29")).toBe("Nov 29");
    expect(shortDay("x")).toBe("x");
  });

  it("says how long ago", () => {
    expect(ago("2026-11-29T11:59:30Z", NOW)).toBe("30 seconds ago");
    expect(ago("2026-11-28T11:00:00Z", NOW)).toBe("yesterday");
    expect(ago("2026-11-29T09:00:00Z", NOW)).toBe("3 hours ago");
    expect(hoursSince("2026-11-28T10:00:00Z", NOW)).toBe(26);
  });

  it("says how long", () => {
    expect(duration("2026-11-29T11:00:00Z", "2026-11-29T11:01:05Z")).toBe("1 min 5 s");
    expect(duration("2026-11-29T11:59:50Z", null, NOW)).toBe("10 s");
    expect(duration(null, null)).toBe("–");
  });

  it("shows sizes", () => {
    expect(bytes(999)).toBe("999 bytes");
    expect(bytes(1234567)).toBe("1.2 MB");
    expect(bytes(null)).toBe("–");
  });

  it("writes money with its cents", () => {
    const write = withPlaces([113741.29, 8739.6, 20, null, "9007199254740993.10"]);
    expect([8739.6, 20, null, "9007199254740993.10"].map(write)).toEqual([
      "8739.60",
      "20.00",
      "",
      "9007199254740993.10",
    ]);
    expect(withPlaces([])(7)).toBe("7");
    expect([1e-7, 1.5].map(withPlaces([1e-7, 1.5]))).toEqual(["1e-7", "1.5"]);
  });

  it("names columns", () => {
    expect(label("department_id")).toBe("Department");
    expect(label("job_name")).toBe("Job name");
  });
});
