import { get, post } from "./client";
import type { Check, CheckRequest, PartsUpload, Upload, UploadRequest } from "./types";

export const startUpload = (upload: UploadRequest): Promise<Upload> => post("uploads", upload);

/** The parts that are not there yet, with fresh links. */
export const resumeUpload = (id: string): Promise<PartsUpload> => get(`uploads/${encodeURIComponent(id)}`);

export const completeUpload = (id: string): Promise<{ key: string }> =>
  post(`uploads/${encodeURIComponent(id)}/complete`);

/** Reads the first bytes of a file as the loader would, and keeps nothing. */
export const checkFile = (check: CheckRequest, signal?: AbortSignal): Promise<Check> =>
  post("uploads/check", check, { signal });
