import { get, send } from "./client";
import type { Report, ReportAnswer } from "./types";

export const listReports = async (signal?: AbortSignal): Promise<Report[]> =>
  (await get<{ reports: Report[] }>("reports", {}, signal)).reports;

export const runReport = (
  name: string,
  parameters: Record<string, string>,
  signal?: AbortSignal,
): Promise<ReportAnswer> => get(`reports/${encodeURIComponent(name)}`, parameters, signal);

export async function reportCsv(name: string, parameters: Record<string, string>): Promise<Blob> {
  const path = `reports/${encodeURIComponent(name)}`;
  return (await send("GET", path, { query: parameters, headers: { accept: "text/csv" } })).blob();
}
