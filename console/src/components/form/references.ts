// Names of the rows that references name.

import { useMemo } from "react";
import { listRows } from "../../api/tables";
import type { Column, Row, Table, Value } from "../../api/types";
import { useResource } from "../../api/use";
import { isOfKey, keyText } from "../keys";
import { isText } from "./rules";

/** As many ids go into one request. */
const MOST_IDS = 1000;

/**
 * The column that names a table's rows for people: its first text that is no part of the key,
 * refers to nothing and is not one of a few values.
 */
export function nameColumn(table: Table | undefined): Column | undefined {
  return table?.columns.find(
    ({ name, type, references, rules }) =>
      isText(type) && references === null && rules.values === undefined && !isOfKey(table, name),
  );
}

export type Names = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Returns the name of a reference: `undefined` while it is unknown, `null` if no row has the id.
 */
export function nameOf(names: Names | null, column: Column, value: Value | undefined): string | null | undefined {
  if (column.references === null || value === null || value === undefined) {
    return undefined;
  }
  const known = names?.get(column.references);
  return known === undefined ? undefined : (known.get(String(value)) ?? null);
}

/** The ids that rows name, by the table that they refer to. */
export function referredIds(table: Table, rows: readonly Row[]): Map<string, string[]> {
  const ids = new Map<string, Set<string>>();
  for (const column of table.columns) {
    if (column.references !== null) {
      const found = ids.get(column.references) ?? new Set();
      for (const row of rows) {
        const value = row[column.name];
        if (value !== null && value !== undefined) {
          found.add(String(value));
        }
      }
      ids.set(column.references, found);
    }
  }
  return new Map([...ids].map(([name, found]) => [name, [...found]]));
}

async function readNames(table: Table, ids: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
  const column = nameColumn(table);
  const names = new Map<string, string>();
  for (let start = 0; start < ids.length; start += MOST_IDS) {
    let wanted = ids.slice(start, start + MOST_IDS);
    // An answer may have fewer rows than were asked for, where they are large.
    while (wanted.length > 0) {
      const page = await listRows(table.name, { ids: wanted.map((id) => keyText([id])) }, signal);
      for (const row of page.rows) {
        names.set(String(row[table.key]), column ? String(row[column.name] ?? "") : "");
      }
      // Those that are not there are asked for once more; each page has a row at least.
      wanted = page.next === null ? [] : wanted.filter((id) => !names.has(id));
    }
  }
  return names;
}

/** Reads the names of all that rows refer to, of the tables that the caller sees. */
export function useNames(
  tables: readonly Table[] | null,
  table: Table | undefined,
  rows: readonly Row[],
): Names | null {
  const wanted = useMemo(() => {
    const ids = table ? referredIds(table, rows) : new Map<string, string[]>();
    return [...ids].filter(([, list]) => list.length > 0);
  }, [table, rows]);
  const { data } = useResource(
    async (signal): Promise<Names> => {
      const found = await Promise.all(
        wanted.map(async ([name, ids]) => {
          const referred = tables?.find((one) => one.name === name);
          return referred ? ([name, await readNames(referred, ids, signal)] as const) : null;
        }),
      );
      return new Map(found.filter((entry) => entry !== null));
    },
    [tables, JSON.stringify(wanted)],
  );
  return data;
}
