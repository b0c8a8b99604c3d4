// The place in a table that was left for one of its rows, so that a form returns to it.

const PREFIX = "rowgate.list.";

/** Keeps the link of the list that is shown. */
export function keepList(table: string, link: string): void {
  sessionStorage.setItem(PREFIX + table, link);
}

/** The link of the list that was shown last in this tab. */
export function lastList(table: string): string | null {
  return sessionStorage.getItem(PREFIX + table);
}
