// The difference between two states of a row, column by column.

export interface Difference {
  readonly column: string;
  /** As text; `null` where the state has no such column or no value. */
  readonly before: string | null;
  readonly after: string | null;
  readonly changed: boolean;
}

type State = Readonly<Record<string, unknown>> | null | undefined;

function text(value: unknown): string | null {
  if (value === null || value === undefined) {
    return null;
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Compares two states of a row; the columns are in the order of the newer one. */
export function differences(before: State, after: State): Difference[] {
  const columns = new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})]);
  return [...columns].map((column) => {
    const was = text(before?.[column]);
    const is = text(after?.[column]);
    return { column, before: was, after: is, changed: was !== is };
  });
}
