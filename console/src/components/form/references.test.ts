import { describe, expect, it } from "vitest";

import type { Column, Table } from "../../api/types";
import { column } from "../../testing/fixtures";
import { nameColumn } from "./references";

const text = (name: string, more: Partial<Column> = {}): Column => column(name, { type: "string(40)", ...more });

const table = (key: string, columns: Column[]): Table => ({
  name: "things",
  description: "",
  key,
  default_mode: "append",
  columns,
});

describe("rows are named by", () => {
  it.each([
    ["id", [column("id"), text("title")], "title"],
    ["code", [text("code"), text("title")], "title"],
    ["code,part", [text("code"), text("part"), column("size")], undefined],
    ["id", [column("id"), text("channel", { rules: { values: ["web", "shop"] } })], undefined],
    ["id", [column("id"), text("country", { references: "countries" }), text("city")], "city"],
  ])("a text of the table %#", (key, columns, expected) => {
    expect(nameColumn(table(key, columns))?.name).toBe(expected);
  });

  it("nothing where the table is not seen", () => {
    expect(nameColumn(undefined)).toBeUndefined();
  });
});
