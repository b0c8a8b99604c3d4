import { get, post } from "./client";
import type { BackupDetail, BackupsPage, Restore, RestoresPage, UndoneRestore } from "./types";

export const listBackups = (after?: string | null, limit = 20, signal?: AbortSignal): Promise<BackupsPage> =>
  get("backups", { limit, after }, signal);

export const getBackup = (backup: string, signal?: AbortSignal): Promise<BackupDetail> =>
  get(`backups/${encodeURIComponent(backup)}`, {}, signal);

/** Starts a backup of these tables; of all of them where none are named. */
export const startBackup = (tables?: string[]): Promise<{ backup: string }> =>
  post("backups", tables ? { tables } : undefined);

export interface RestoreRequest {
  backup: string;
  tables?: string[];
  mode: "replace" | "verify";
}

export const startRestore = (restore: RestoreRequest): Promise<{ restore: string }> => post("restores", restore);

export const listRestores = (after?: string | null, limit = 20, signal?: AbortSignal): Promise<RestoresPage> =>
  get("restores", { limit, after }, signal);

export const getRestore = (restore: string, signal?: AbortSignal): Promise<Restore> =>
  get(`restores/${encodeURIComponent(restore)}`, {}, signal);

/** Puts the tables back as they were before the restore. */
export const undoRestore = (restore: string): Promise<UndoneRestore> =>
  post(`restores/${encodeURIComponent(restore)}/undo`);
