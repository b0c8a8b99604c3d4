// Turns rows into what a chart draws.

export type ChartKind = "bar" | "line" | "pie";

/** The form of a chart: as a report's header declares it, or as a reader chose. */
export interface ChartChoice {
  readonly kind: ChartKind;
  readonly x: string;
  readonly series: readonly string[];
  readonly stacked?: boolean;
}

export interface ChartSeries {
  readonly title: string;
  readonly data: readonly { readonly x: string; readonly y: number }[];
}

export interface ChartData {
  readonly labels: readonly string[];
  readonly series: readonly ChartSeries[];
  /** The labels that were combined under "Other", because there were too many to read. */
  readonly others: number;
}

type Row = Readonly<Record<string, unknown>>;

/** More labels than this cannot be distinguished on an axis. */
export const MOST_LABELS = 40;
/** More slices than this cannot be distinguished in a pie. */
export const MOST_SLICES = 10;
const OTHER = "Other";

/** Reads a number that may have come as text, as decimals do; 0 for anything else. */
export function number(value: unknown): number {
  const read = typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : 0;
  return Number.isFinite(read) ? read : 0;
}

/**
 * Adds up the series of rows with the same label, in the order in which labels first come. Where
 * there are too many labels the largest stay, and the rest is put together.
 */
export function chartData(choice: ChartChoice, rows: readonly Row[]): ChartData {
  const series = choice.kind === "pie" ? choice.series.slice(0, 1) : choice.series;
  const sums = new Map<string, number[]>();
  for (const row of rows) {
    const value = row[choice.x];
    const label = value === null || value === undefined ? "none" : String(value);
    const sum = sums.get(label) ?? series.map(() => 0);
    for (const [index, name] of series.entries()) {
      sum[index] = (sum[index] ?? 0) + number(row[name]);
    }
    sums.set(label, sum);
  }
  const most = choice.kind === "pie" ? MOST_SLICES : choice.kind === "bar" ? MOST_LABELS : Number.POSITIVE_INFINITY;
  const others = Math.max(0, sums.size - most);
  const kept = others === 0 ? sums : largest(sums, most);
  const labels = [...kept.keys()];
  return {
    labels,
    others,
    series: series.map((title, index) => ({
      title,
      data: labels.map((x) => ({ x, y: kept.get(x)?.[index] ?? 0 })),
    })),
  };
}

function largest(sums: ReadonlyMap<string, number[]>, most: number): Map<string, number[]> {
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + Math.abs(value), 0);
  const ranked = [...sums].sort(([, a], [, b]) => total(b) - total(a));
  const names = new Set(ranked.slice(0, most).map(([name]) => name));
  const kept = new Map([...sums].filter(([name]) => names.has(name)));
  const rest = ranked
    .slice(most)
    .reduce<number[]>((sum, [, values]) => values.map((value, i) => value + (sum[i] ?? 0)), []);
  kept.set(OTHER, rest);
  return kept;
}

/** The end of an axis that holds a value: the next round number. */
export function axisEnd(value: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((one) => one * size >= value) ?? 10;
  return step * size;
}

/**
 * The columns of a report that can be drawn as series, and those that can label them: texts and
 * dates, or any where there are none.
 */
export function drawable(columns: readonly { readonly name: string; readonly type: string }[]): {
  labels: string[];
  series: string[];
} {
  const named = columns.filter(({ type }) => /^(string|text|date|timestamp)/.test(type));
  const isNumber = (type: string) => /^(integer|decimal|double)/.test(type);
  return {
    labels: (named.length > 0 ? named : columns).map(({ name }) => name),
    // An id is a number that means nothing by its size.
    series: columns.filter(({ name, type }) => isNumber(type) && !/(^|_)id$/.test(name)).map(({ name }) => name),
  };
}

/**
 * A chart for a report whose header declares none: numbers by the first column that is no number.
 */
export function guessChart(columns: readonly { readonly name: string; readonly type: string }[]): ChartChoice | null {
  const { series } = drawable(columns);
  const x = columns.find(({ name }) => !series.includes(name) && !/(^|_)id$/.test(name)) ?? columns[0];
  return x === undefined || series.length === 0 ? null : { kind: "bar", x: x.name, series };
}

/** Each day of the activity and what came in or was refused for each table. */
export interface ActivityDay {
  readonly day: string;
  readonly table: string;
  readonly rows_loaded: number;
  readonly rows_rejected: number;
}

/** The `count` days up to `today`, oldest first, as `2026-11-29`. */
export function days(today: Date, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(
      Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - (count - 1 - index)),
    );
    return day.toISOString().slice(0, 10);
  });
}

/**
 * A series for each table, with 0 on days without any; none where there is nothing to draw. Tables
 * that nothing came to are left out, so that a table has the same colour in each chart of one
 * activity.
 */
export function activitySeries(
  activity: readonly ActivityDay[],
  field: "rows_loaded" | "rows_rejected",
  labels: readonly string[],
): ChartSeries[] {
  const active = activity.filter((entry) => entry.rows_loaded > 0 || entry.rows_rejected > 0);
  if (!active.some((entry) => entry[field] > 0)) {
    return [];
  }
  return [...new Set(active.map(({ table }) => table))].sort().map((title) => {
    const counts = new Map<string, number>();
    for (const entry of activity) {
      if (entry.table === title) {
        counts.set(entry.day, (counts.get(entry.day) ?? 0) + entry[field]);
      }
    }
    return { title, data: labels.map((x) => ({ x, y: counts.get(x) ?? 0 })) };
  });
}
