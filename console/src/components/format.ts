// Writes numbers, times and sizes for people. Times of the service are UTC and are shown so.

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `1,234,567`. */
export function count(value: number): string {
  return NUMBER.format(value);
}

/** `1.2M`, for axes. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** `1 row`, `2 rows`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `Nov 29`, of `2026-11-29`. */
export function shortDay(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? day : DAY.format(date);
}

/** `2026-11-29 16:02:08 UTC`. */
export function time(iso: string | null | undefined): string {
  return iso ? `${iso.slice(0, 19).replace("T", " ")} UTC` : "–";
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 365],
];

/** `3 hours ago`, `in 5 minutes`. */
export function ago(iso: string, now: Date = new Date()): string {
  let amount = (new Date(iso).getTime() - now.getTime()) / 1000;
  for (const [unit, next] of STEPS) {
    if (Math.abs(amount) < next) {
      return RELATIVE.format(Math.round(amount), unit);
    }
    amount /= next;
  }
  return RELATIVE.format(Math.round(amount), "year");
}

/** Hours between a time and now. */
export function hoursSince(iso: string, now: Date = new Date()): number {
  return (now.getTime() - new Date(iso).getTime()) / 3_600_000;
}

/** `12 s`, `3 min 5 s`, from one time to another or to now. */
export function duration(from: string | null, to: string | null, now: Date = new Date()): string {
  if (!from) {
    return "–";
  }
  const seconds = Math.max(0, Math.round(((to ? new Date(to) : now).getTime() - new Date(from).getTime()) / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1.2 MB`. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) {
    return "–";
  }
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let amount = value;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit] ?? ""}`;
}

/** `department_id` as a person would say it: `Department`. */
export function label(name: string): string {
  const words = name.replace(/_id$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A value of a row as text: JSON as it is written, nothing for no value. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) {
    return "";
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A value of a row as lists sort by it. */
export const sortable = (value: unknown): string | number | null =>
  value === null || value === undefined ? null : typeof value === "number" ? value : textOf(value);

/** Writes numbers of a column with as many places as the one that has the most: `8739.60`. */
export function withPlaces(values: readonly unknown[]): (value: unknown) => string {
  const texts = values.filter((value) => typeof value === "number").map(String);
  // JavaScript writes very small and very large numbers with an exponent.
  if (texts.some((text) => text.includes("e"))) {
    return textOf;
  }
  const places = texts.reduce((most, text) => Math.max(most, text.split(".")[1]?.length ?? 0), 0);
  return (value) => (typeof value === "number" ? value.toFixed(places) : textOf(value));
}
