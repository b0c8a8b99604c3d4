import { get } from "./client";
import type { Activity, LoadDetail, LoadStatus, LoadsPage, Outliers } from "./types";

export interface LoadsQuery {
  table?: string | null;
  status?: LoadStatus | null;
  key?: string | null;
  after?: string | null;
  limit?: number;
}

export const listLoads = (query: LoadsQuery = {}, signal?: AbortSignal): Promise<LoadsPage> =>
  get("loads", { ...query }, signal);

export const getLoad = (load: string, rejectsAfter?: string | null, signal?: AbortSignal): Promise<LoadDetail> =>
  get(`loads/${encodeURIComponent(load)}`, { rejects_after: rejectsAfter }, signal);

/** Loads and refused rows by day and table, newest day first. */
export const readActivity = (days = 30, signal?: AbortSignal): Promise<Activity> => get("activity", { days }, signal);

export const readOutliers = (table?: string | null, signal?: AbortSignal): Promise<Outliers> =>
  get("outliers", { table }, signal);
