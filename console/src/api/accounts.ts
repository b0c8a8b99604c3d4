import { get, post } from "./client";
import type { Account, AccountsPage, AuditPage } from "./types";

export const listAccounts = (after?: string | null, limit = 50, signal?: AbortSignal): Promise<AccountsPage> =>
  get("accounts", { limit, after }, signal);

/** Sets exactly these groups, and enables the account. */
export const approveAccount = (username: string, groups: string[]): Promise<Account> =>
  post(`accounts/${encodeURIComponent(username)}/approve`, { groups });

export const disableAccount = (username: string): Promise<Account> =>
  post(`accounts/${encodeURIComponent(username)}/disable`);

export interface AuditFilter {
  username?: string;
  table?: string;
  row?: string;
  after?: string | number | null;
  limit?: number;
}

export const readAudit = (filter: AuditFilter = {}, signal?: AbortSignal): Promise<AuditPage> =>
  get("audit", { ...filter }, signal);
