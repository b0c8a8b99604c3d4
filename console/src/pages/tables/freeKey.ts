// The number that a new row can have.

import { countRows, listRows } from "../../api/tables";
import type { Row, Table } from "../../api/types";

const PAGE = 1000;
/** So many pages are looked through for a gap. */
const MOST_PAGES = 5;

/** The first number after `start` that none of these rows, which are in order, has. */
export function firstGap(start: bigint, keys: readonly bigint[]): { free: bigint; found: boolean } {
  let expected = start + 1n;
  for (const key of keys) {
    if (key > expected) {
      return { free: expected, found: true };
    }
    expected = key + 1n;
  }
  return { free: expected, found: false };
}

/**
 * Suggests a free key: numbers mostly run from 1 on, so it looks behind as many as there are rows.
 * Another may take it before the row is saved; then the service says so.
 */
export async function freeKey(table: Table, signal?: AbortSignal): Promise<string | null> {
  const key = table.columns.find(({ name }) => name === table.key);
  if (!/^(smallint|integer|bigint)$/.test(key?.type ?? "")) {
    return null;
  }
  let start = BigInt((await countRows(signal))[table.name] ?? 0);
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { rows, next } = await listRows(table.name, { limit: PAGE, after: String(start) }, signal);
    const { free, found } = firstGap(start, keysOf(table, rows));
    if (found || next === null) {
      return String(free);
    }
    start = free - 1n;
  }
  return null;
}

function keysOf(table: Table, rows: readonly Row[]): bigint[] {
  return rows.map((row) => BigInt(String(row[table.key])));
}
