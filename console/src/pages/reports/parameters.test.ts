import { describe, expect, it } from "vitest";

import { askedOf, chartLink, chartOf, parameterFault, valuesOf } from "./parameters";

const YEAR = { name: "year", type: "integer", default: 2021, minimum: 1000, maximum: 9999, description: "" };
const SCOPE = { name: "scope", type: "string", default: "year", values: ["year", "all"], description: "" };

describe("parameters of a report", () => {
  it("come from the link, else from their defaults", () => {
    expect(valuesOf([YEAR, SCOPE], new URLSearchParams("scope=all&other=1"))).toEqual({ year: "2021", scope: "all" });
  });

  it.each([
    ["999", "year must be between 1000 and 9999"],
    ["1.5", "year must be a whole number"],
    ["2021", null],
    ["", null],
  ])("are checked as they are typed: %s", (value, fault) => {
    expect(parameterFault(YEAR, value)).toBe(fault);
  });

  it("are one of a list, where there is one", () => {
    expect(parameterFault(SCOPE, "none")).toBe("scope must be one of year, all");
    expect(parameterFault({ ...SCOPE, required: true }, "")).toBe("scope is required");
  });

  it("are sent where they have a value", () => {
    expect(askedOf({ year: "2021", scope: "" })).toEqual({ year: "2021" });
  });
});

describe("the chart of a link", () => {
  const columns = ["department", "q1", "q2"];
  const declared = { kind: "bar" as const, x: "department", series: ["q1", "q2"], stacked: true };

  it("is kept in it", () => {
    const chosen = { kind: "pie" as const, x: "department", series: ["q2"], stacked: false };
    const link = new URLSearchParams();
    for (const [name, value] of Object.entries(chartLink(chosen))) {
      if (value !== null) {
        link.set(name, value);
      }
    }
    expect(chartOf(link, columns, declared)).toEqual(chosen);
  });

  it("is the declared one where the link has none, or one that cannot be drawn", () => {
    expect(chartOf(new URLSearchParams(), columns, declared)).toBe(declared);
    expect(chartOf(new URLSearchParams("_chart=bar&_x=gone&_series=q1"), columns, declared)).toBe(declared);
    expect(chartOf(new URLSearchParams("_chart=%3Cscript%3E"), columns, declared)).toBe(declared);
  });
});
