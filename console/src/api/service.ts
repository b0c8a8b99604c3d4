import { get } from "./client";

export const readOpenApi = (signal?: AbortSignal): Promise<Record<string, unknown>> => get("openapi.json", {}, signal);
