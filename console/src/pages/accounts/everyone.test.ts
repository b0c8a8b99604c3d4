import { expect, it } from "vitest";
import type { Account, AccountsPage } from "../../api/types";
import { everyone } from "./everyone";

const account = (username: string, status: Account["status"], created_at = "2026-11-01T00:00:00Z"): Account => ({
  username,
  status,
  groups: [],
  created_at,
  changed_at: created_at,
});

it("finds those that wait on every page, the newest first", async () => {
  const pages: Record<string, AccountsPage> = {
    first: { accounts: [account("zoe", "active"), account("old", "pending")], next: "second" },
    // A page may have no account that is there still, and yet another page after it.
    second: { accounts: [], next: "third" },
    third: { accounts: [account("ann", "disabled"), account("new", "pending", "2026-11-02T00:00:00Z")], next: null },
  };
  const found = await everyone(async (after) => pages[after ?? "first"] as AccountsPage);
  expect(found.map(({ username }) => username)).toEqual(["new", "old", "ann", "zoe"]);
});
