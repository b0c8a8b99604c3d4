// Distributes the rows of a check: by the id that is missing, or by year.

import type { FarDateCheck, UnknownReferenceCheck } from "../../api/types";
import type { ChartData } from "../../components/chart/chart";
import { chartData } from "../../components/chart/chart";

/** Counts the rows of a check by what is odd about them. */
export function spread(check: UnknownReferenceCheck | FarDateCheck): { by: string; data: ChartData } {
  const far = check.kind === "far_date";
  const rows = check.rows.map((row) => {
    const value = row[check.column];
    return { label: far ? String(value ?? "").slice(0, 4) : String(value ?? ""), Rows: 1 };
  });
  rows.sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true }));
  return {
    by: far ? "year" : check.column,
    data: chartData({ kind: "bar", x: "label", series: ["Rows"] }, rows),
  };
}
