import { describe, expect, it } from "vitest";
import { chosenOf, groupsOf, seen } from "./groups";

describe("groups of an account", () => {
  it("are a role and tables", () => {
    expect(chosenOf(["table:jobs", "reader", "writer"])).toEqual({ role: "writer", tables: ["jobs"] });
    expect(chosenOf([])).toEqual({ role: null, tables: [] });
  });

  it("are written as they were read", () => {
    for (const groups of [["reader"], ["writer", "table:jobs", "table:employees"], ["operator"]]) {
      expect(groupsOf(chosenOf(groups))).toEqual(groups);
    }
  });

  it("do not narrow what an operator sees", () => {
    expect(groupsOf({ role: "operator", tables: ["jobs"] })).toEqual(["operator"]);
    expect(seen({ role: "operator", tables: ["jobs"] })).toBe("Every table");
    expect(seen({ role: "reader", tables: [] })).toBe("Every table");
    expect(seen({ role: "reader", tables: ["jobs"] })).toBe("jobs");
    expect(seen({ role: null, tables: [] })).toBe("–");
  });
});
