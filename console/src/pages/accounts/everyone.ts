// All accounts, in the order in which an operator looks at them.

import type { Account, AccountsPage } from "../../api/types";

/** As many accounts as one answer has at most. */
export const MOST_ACCOUNTS = 60;

type ReadPage = (after: string | null) => Promise<AccountsPage>;

/**
 * Reads every page, since the user pool's order says nothing of who waits. Those that wait come
 * first, the newest on top; the others by name.
 */
export async function everyone(read: ReadPage): Promise<Account[]> {
  const found: Account[] = [];
  let after: string | null = null;
  do {
    const page: AccountsPage = await read(after);
    found.push(...page.accounts);
    after = page.next;
  } while (after !== null);
  return found.toSorted(compare);
}

function compare(a: Account, b: Account): number {
  const waits = ({ status }: Account) => status === "pending";
  if (waits(a) !== waits(b)) {
    return waits(a) ? -1 : 1;
  }
  return waits(a) ? b.created_at.localeCompare(a.created_at) : a.username.localeCompare(b.username, "en");
}
