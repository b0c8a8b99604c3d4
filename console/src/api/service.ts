import { get } from "./client";
import type { Status } from "./types";

export const readStatus = (signal?: AbortSignal): Promise<Status> => get("status", {}, signal);

export const readOpenApi = (signal?: AbortSignal): Promise<Record<string, unknown>> => get("openapi.json", {}, signal);
