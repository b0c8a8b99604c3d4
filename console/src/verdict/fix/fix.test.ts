import { expect, it } from "vitest";
import type { Table } from "../../api/types";
import { edit, NO_FIX, open, rowState } from "./fix";
import { column } from "../../testing/fixtures";
import type { RefusedRow } from "../rejects/rejects";

const TABLE: Table = {
  name: "employees",
  description: "",
  key: "id",
  default_mode: "append",
  columns: [
    column("id", { auto_increment: true }),
    column("name", { type: "string(5)" }),
    column("datetime", { type: "timestamp" }),
  ],
};
const ROW: RefusedRow = {
  line: 3,
  values: { id: "7", name: "", datetime: "2021-01-01T00:00:00Z" },
  errors: [{ column: "name", code: "required", message: "name is required" }],
  over: [],
};

it("is ready once what was wrong has been changed to what the dictionary takes", () => {
  expect(rowState(ROW, NO_FIX, TABLE).ready).toBe(false);
  expect(rowState(ROW, edit(NO_FIX, 3, "name", "Ann"), TABLE)).toMatchObject({ ready: true, faults: {} });
  expect(rowState(ROW, edit(NO_FIX, 3, "name", "Ann Marie"), TABLE).faults.name).toMatch(/9 characters/);
  expect(rowState(ROW, edit(NO_FIX, 3, "id", "8"), TABLE).faults).toEqual({ name: "name is required" });
});

it("lets rows go whose id is taken where they are to replace", () => {
  const taken = { ...ROW, errors: [{ column: "id", code: "duplicate_id", message: "id is already taken" }] };
  expect(rowState(taken, NO_FIX, TABLE).ready).toBe(false);
  expect(rowState(taken, { ...NO_FIX, replace: true }, TABLE).ready).toBe(true);
});

it("takes a change for an answer to what has no column", () => {
  const row = { ...ROW, errors: [{ column: null, code: "field_count", message: "the record has 5 fields" }] };
  expect(rowState(row, NO_FIX, TABLE).general).toEqual(["the record has 5 fields"]);
  expect(rowState(row, edit(NO_FIX, 3, "name", "Ann"), TABLE).ready).toBe(true);
});

it("leaves values in the file's own form to the loader", () => {
  const fix = edit(edit(NO_FIX, 3, "name", "Ann"), 3, "datetime", "31/01/2021");
  expect(rowState(ROW, fix, TABLE).ready).toBe(false);
  expect(rowState(ROW, fix, TABLE, { timestamp_formats: ["%d/%m/%Y"] }).ready).toBe(true);
});

it("has no row twice", () => {
  const rows = [1, 2, 3].map((line) => ({ ...ROW, line }));
  const sent = { key: "k", lines: [2], before: [], load: null };
  expect(open(rows, { ...NO_FIX, dropped: [3], sent: [sent] }).map(({ line }) => line)).toEqual([1]);
});
