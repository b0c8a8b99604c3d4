// Changes to a row that are not saved yet.

import { type Difference, differences } from "../../components/difference";
import type { Draft } from "../../components/form/rules";

export interface Changes {
  /** The row as it was when the first of them was made. */
  readonly on: Draft;
  /** The new values, by column. */
  readonly values: Draft;
}

/** The changes of a form to the row as it is `now`; `null` where there are none. */
export function changesOf(on: Draft, now: Draft, form: Draft): Changes | null {
  const changed = Object.entries(form).filter(([column, value]) => value !== (now[column] ?? ""));
  return changed.length === 0 ? null : { on, values: Object.fromEntries(changed) };
}

/** The row as it is now, with the changes put on top. */
export function filledIn(now: Draft, changes: Changes | null): Draft {
  return { ...now, ...changes?.values };
}

/** Returns the changes that others have made to the row since the changes were begun. */
export function overtaken({ on }: Changes, now: Draft): Difference[] {
  return differences(on, now).filter(({ changed }) => changed);
}
