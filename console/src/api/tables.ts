import { get, request } from "./client";
import type { InsertAnswer, Row, RowsPage, Table, Value } from "./types";

export const listTables = async (signal?: AbortSignal): Promise<Table[]> =>
  (await get<{ tables: Table[] }>("tables", {}, signal)).tables;

export interface RowsQuery {
  limit?: number;
  after?: number | string | null;
  filter?: { column: string; value: string } | null;
  /** Keys, as `keyOf` writes them. */
  ids?: readonly string[];
}

export function listRows(table: string, query: RowsQuery = {}, signal?: AbortSignal): Promise<RowsPage> {
  const { filter, ids, ...rest } = query;
  const between = ids?.some((id) => id.includes(",")) ? ";" : ",";
  return get(
    `tables/${encodeURIComponent(table)}/rows`,
    { ...rest, filter: filter ? `${filter.column}:${filter.value}` : null, ids: ids?.join(between) },
    signal,
  );
}

/** The path of a row; its key is encoded already. */
const path = (table: string, key: string) => `tables/${encodeURIComponent(table)}/rows/${key}`;

export const getRow = (table: string, key: string, signal?: AbortSignal): Promise<Row> =>
  get(path(table, key), {}, signal);

/** Creates or replaces a row; with `create` alone, a row that is there is a 412. */
export const putRow = (table: string, key: string, row: Record<string, Value>, create = false): Promise<Row> =>
  request("PUT", path(table, key), { body: row, headers: create ? { "if-none-match": "*" } : {} });

export const deleteRow = (table: string, key: string): Promise<null> => request("DELETE", path(table, key));

/**
 * Inserts rows; 422 (none of them in) is an answer here, not a failure. `prefer`: `tx=dry-run`
 * checks only.
 */
export async function insertRows(
  table: string,
  rows: Row[],
  prefer?: "tx=dry-run" | "tx=atomic",
): Promise<InsertAnswer> {
  const headers: Record<string, string> = prefer ? { prefer } : {};
  return request("POST", `tables/${encodeURIComponent(table)}/rows`, { body: rows, headers, answers: [422] });
}

/** Returns the number of rows of each table, by its name. */
export async function countRows(signal?: AbortSignal): Promise<Record<string, number>> {
  const { tables } = await get<{ tables: (Table & { rows?: number })[] }>("tables", { counts: true }, signal);
  return Object.fromEntries(tables.flatMap(({ name, rows }) => (rows === undefined ? [] : [[name, rows]])));
}
