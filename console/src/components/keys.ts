// Keys of rows: one column or several.

import type { Row, Table, Value } from "../api/types";

/** The names of the columns that make the key, in its order. */
export const keyColumns = (table: Pick<Table, "key">): string[] => table.key.split(",");

export const isOfKey = (table: Pick<Table, "key">, column: string): boolean => keyColumns(table).includes(column);

/** Percent-encodes all but letters, digits and `-._~`, as the service writes keys. */
const encoded = (value: Value): string =>
  encodeURIComponent(String(value)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The key of these values as paths and lists have it: `7`, `DE,3`. */
export const keyText = (values: readonly Value[]): string => values.map(encoded).join(",");

/** The key of a row as paths and lists have it. */
export const keyOf = (table: Pick<Table, "key">, row: Row): string =>
  keyText(keyColumns(table).map((name) => row[name] ?? null));

/** A key for people: `A/1`, `DE, 3`. */
export const keyLabel = (key: string): string => key.split(",").map(decodeURIComponent).join(", ");
