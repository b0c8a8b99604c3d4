// Answers of the API that tests begin with.

import type { Check, Column } from "../api/types";

/** A required column of integers, unless `more` says otherwise. */
export const column = (name: string, more: Partial<Column> = {}): Column => ({
  name,
  type: "integer",
  required: true,
  auto_increment: false,
  personal: false,
  references: null,
  rules: {},
  description: "",
  ...more,
});

/** The check of a CSV file in which no row was read, with `more` of it. */
export const check = (more: Partial<Check>): Check => ({
  format: "csv",
  encoding: "UTF-8",
  delimiter: ",",
  header: null,
  columns: [],
  rows: [],
  rows_read: 0,
  rows_rejected: 0,
  codes: {},
  warnings: [],
  problem: null,
  proposal: null,
  ...more,
});
