import { describe, expect, it } from "vitest";

import type { Column, Table } from "../../api/types";
import { nameColumn } from "./references";

const column = (name: string, more: Partial<Column> = {}): Column => ({
  name,
  type: "string(40)",
  required: true,
  auto_increment: false,
  personal: false,
  references: null,
  rules: {},
  description: "",
  ...more,
});

const table = (key: string, columns: Column[]): Table => ({
  name: "things",
  description: "",
  key,
  default_mode: "append",
  columns,
});

describe("rows are named by", () => {
  it.each([
    ["id", [column("id", { type: "integer" }), column("title")], "title"],
    ["code", [column("code"), column("title")], "title"],
    ["code,part", [column("code"), column("part"), column("size", { type: "integer" })], undefined],
    ["id", [column("id"), column("channel", { rules: { values: ["web", "shop"] } })], undefined],
    ["id", [column("id"), column("country", { references: "countries" }), column("city")], "city"],
  ])("a text of the table %#", (key, columns, expected) => {
    expect(nameColumn(table(key, columns))?.name).toBe(expected);
  });

  it("nothing where the table is not seen", () => {
    expect(nameColumn(undefined)).toBeUndefined();
  });
});
