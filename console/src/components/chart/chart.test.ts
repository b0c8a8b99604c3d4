import { describe, expect, it } from "vitest";

import { MOST_LABELS, activitySeries, axisEnd, chartData, days, drawable, guessChart } from "./chart";

const HIRES = [
  { department: "Legal", job: "Clerk", q1: 1, q2: 2 },
  { department: "Legal", job: "Judge", q1: 3, q2: 0 },
  { department: "Sales", job: "Clerk", q1: 5, q2: null },
];

describe("chartData", () => {
  it("adds up the rows of one label", () => {
    const data = chartData({ kind: "bar", x: "department", series: ["q1", "q2"] }, HIRES);
    expect(data).toEqual({
      labels: ["Legal", "Sales"],
      others: 0,
      series: [
        {
          title: "q1",
          data: [
            { x: "Legal", y: 4 },
            { x: "Sales", y: 5 },
          ],
        },
        {
          title: "q2",
          data: [
            { x: "Legal", y: 2 },
            { x: "Sales", y: 0 },
          ],
        },
      ],
    });
  });

  it("draws one series as a pie", () => {
    expect(chartData({ kind: "pie", x: "department", series: ["q1", "q2"] }, HIRES).series).toHaveLength(1);
  });

  it("reads decimals that come as text, and names what has no label", () => {
    const data = chartData({ kind: "bar", x: "a", series: ["b"] }, [{ a: null, b: "1.50" }]);
    expect(data.series[0]?.data).toEqual([{ x: "none", y: 1.5 }]);
  });

  it("puts the smallest labels together where there are too many", () => {
    const rows = Array.from({ length: MOST_LABELS + 3 }, (_, index) => ({ a: `l${index}`, b: index + 1 }));
    const data = chartData({ kind: "bar", x: "a", series: ["b"] }, rows);
    expect(data.others).toBe(3);
    expect(data.labels).toHaveLength(MOST_LABELS + 1);
    expect(data.series[0]?.data.at(-1)).toEqual({ x: "Other", y: 1 + 2 + 3 });
  });
});

describe("drawable and guessChart", () => {
  const columns = [
    { name: "id", type: "integer" },
    { name: "department", type: "string" },
    { name: "hired", type: "integer" },
  ];
  it("takes numbers for series, but no ids", () => {
    expect(drawable(columns)).toEqual({ labels: ["department"], series: ["hired"] });
  });
  it("takes every type of a report that is a number", () => {
    const types = ["integer", "decimal", "double", "string", "boolean", "date", "timestamp"];
    const typed = types.map((type) => ({ name: `a_${type}`, type }));
    expect(drawable(typed).labels).toEqual(["a_string", "a_date", "a_timestamp"]);
    expect(drawable(columns.slice(2)).labels).toEqual(["hired"]);
    expect(drawable(typed).series).toEqual(["a_integer", "a_decimal", "a_double"]);
  });
  it("labels by the first column that is no number", () => {
    expect(guessChart(columns)).toEqual({ kind: "bar", x: "department", series: ["hired"] });
    expect(guessChart([{ name: "a", type: "string" }])).toBeNull();
  });
});

describe("axisEnd", () => {
  it.each([
    [0, 1],
    [1, 1],
    [7, 8],
    [23, 25],
    [1387, 1500],
  ])("ends an axis of %s at %s", (value, end) => {
    expect(axisEnd(value)).toBe(end);
  });
});

describe("activity", () => {
  it("counts days up to today in UTC", () => {
    expect(days(new Date("2026-03-01T00:30:00Z"), 3)).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  });

  it("fills days without any with 0", () => {
    const activity = [
      { day: "2026-11-29", table: "jobs", rows_loaded: 3, rows_rejected: 0 },
      { day: "2026-11-28", table: "jobs", rows_loaded: 1, rows_rejected: 0 },
    ];
    expect(activitySeries(activity, "rows_loaded", ["2026-11-27", "2026-11-28", "2026-11-29"])).toEqual([
      {
        title: "jobs",
        data: [
          { x: "2026-11-27", y: 0 },
          { x: "2026-11-28", y: 1 },
          { x: "2026-11-29", y: 3 },
        ],
      },
    ]);
    expect(activitySeries(activity, "rows_rejected", ["2026-11-29"])).toEqual([]);
  });

  it("has the same tables in each chart, and none that nothing came to", () => {
    const entry = (table: string, rows_loaded: number, rows_rejected: number) => ({
      day: "2026-11-29",
      table,
      rows_loaded,
      rows_rejected,
    });
    const activity = [entry("jobs", 3, 0), entry("employees", 0, 2), entry("departments", 0, 0)];
    for (const field of ["rows_loaded", "rows_rejected"] as const) {
      expect(activitySeries(activity, field, ["2026-11-29"]).map(({ title }) => title)).toEqual(["employees", "jobs"]);
    }
  });
});
