import { describe as suite, expect, it } from "vitest";
import { spread } from "./spread";
import { describe, title } from "./words";

const REFERENCE = {
  kind: "unknown_reference" as const,
  table: "employees",
  column: "department_id",
  references: "departments",
  count: 3,
  rows: [
    { id: 1, department_id: 99 },
    { id: 2, department_id: 12 },
    { id: 3, department_id: 99 },
  ],
};
const DATE = {
  kind: "far_date" as const,
  table: "employees",
  column: "datetime",
  from: "2019-01-01T00:00:00Z",
  to: "2023-01-01T00:00:00Z",
  count: 1,
  rows: [{ id: 1, datetime: "1921-05-01T00:00:00Z" }],
};

suite("outliers in words", () => {
  it("say what was looked for", () => {
    expect(title(REFERENCE)).toBe("Employees: department_id names no row");
    expect(describe(DATE)).toContain("between 2019-01-01 and 2023-01-01");
  });

  it("are counted by what is odd", () => {
    expect(spread(REFERENCE).data.series[0]?.data).toEqual([
      { x: "12", y: 1 },
      { x: "99", y: 2 },
    ]);
    expect(spread(DATE).data.labels).toEqual(["1921"]);
  });
});
