// The parameters of a report: those in a link, those of a form, and their errors.

import type { ReportParameter } from "../../api/types";
import type { ChartChoice, ChartKind } from "../../components/chart/chart";

/**
 * Begins the names of a link's parameters that are the chart's; no report's parameter begins so.
 */
const CHART = { kind: "_chart", x: "_x", series: "_series", stacked: "_stacked" } as const;

/** Returns the values of a link, with defaults for those that it does not name. */
export function valuesOf(parameters: readonly ReportParameter[], link: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    parameters.map(({ name, default: value }) => [
      name,
      link.get(name) ?? (value === undefined ? "" : String(value ?? "")),
    ]),
  );
}

/** Returns the error in a value; `null` if there is none. */
export function parameterFault(parameter: ReportParameter, value: string): string | null {
  const { name, type, minimum, maximum } = parameter;
  if (value === "") {
    const required = parameter.required ?? false;
    return required ? `${name} is required` : null;
  }
  if (type === "integer") {
    if (!/^-?\d+$/.test(value)) {
      return `${name} must be a whole number`;
    }
    const low = minimum !== undefined && minimum !== null && BigInt(value) < BigInt(minimum);
    const high = maximum !== undefined && maximum !== null && BigInt(value) > BigInt(maximum);
    return low || high ? `${name} must be between ${minimum ?? "any"} and ${maximum ?? "any"}` : null;
  }
  if (type === "date") {
    return /^\d{4}-\d{2}-\d{2}$/.test(value) ? null : `${name} must be a day, like 2021-07-27`;
  }
  return parameter.values && !parameter.values.includes(value)
    ? `${name} must be one of ${parameter.values.join(", ")}`
    : null;
}

/** Returns the parameters to send: those with a value. */
export function askedOf(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}

/** Returns the chart that a link chooses, in place of the one that the report declares. */
export function chartOf(
  link: URLSearchParams,
  columns: readonly string[],
  declared: ChartChoice | null,
): ChartChoice | null {
  const kind = link.get(CHART.kind);
  if (!isKind(kind)) {
    return declared;
  }
  const x = link.get(CHART.x) ?? declared?.x ?? columns[0] ?? "";
  const series = (link.get(CHART.series) ?? declared?.series.join(",") ?? "")
    .split(",")
    .filter((one) => columns.includes(one));
  return columns.includes(x) && series.length > 0
    ? { kind, x, series, stacked: link.get(CHART.stacked) === "yes" }
    : declared;
}

function isKind(kind: string | null): kind is ChartKind {
  return kind === "bar" || kind === "line" || kind === "pie";
}

/** Returns the parameters of a chart for a link. */
export function chartLink(choice: ChartChoice): Record<string, string | null> {
  return {
    [CHART.kind]: choice.kind,
    [CHART.x]: choice.x,
    [CHART.series]: choice.series.join(","),
    [CHART.stacked]: choice.stacked ? "yes" : null,
  };
}
