// The purpose of each check, in words.

import type { OutlierCheck } from "../../api/types";
import { label } from "../../components/format";

/** Identifies a check among those of an answer. */
export function checkId({ kind, table, column }: OutlierCheck): string {
  return `${kind}/${table}/${column}`;
}

export function title(check: OutlierCheck): string {
  switch (check.kind) {
    case "unknown_reference":
      return `${label(check.table)}: ${check.column} names no row`;
    case "far_date":
      return `${label(check.table)}: ${check.column} far from the rest`;
    case "unusual_count":
      return `${label(check.references)}: unusual number of ${check.table}`;
  }
}

/** Describes the purpose of a check, and what to do with its findings. */
export function describe(check: OutlierCheck): string {
  switch (check.kind) {
    case "unknown_reference":
      return `Rows of ${check.table} whose ${check.column} names no row of ${check.references}. Choose another one, or add the missing row.`;
    case "far_date":
      return `Nearly all are between ${day(check.from)} and ${day(check.to)} (three standard deviations). These are not: look for a mistyped year.`;
    case "unusual_count":
      return `On average, ${mean(check.mean)} rows of ${check.table} name a row of ${check.references}. These are more than two standard deviations away.`;
  }
}

export function mean(value: number): string {
  return Number(value).toFixed(1).replace(/\.0$/, "");
}

function day(text: string): string {
  return text.slice(0, 10);
}
