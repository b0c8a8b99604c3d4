// Sends files to the links that POST /uploads gives: one PUT, or parts, four at a time.

import { ProblemError, unreachable } from "../../api/client";
import type { PartsUpload, Upload, UploadRequest } from "../../api/types";
import * as uploads from "../../api/uploads";

export type Progress = (sent: number, total: number) => void;

export type Put = (
  url: string,
  body: Blob,
  headers: Record<string, string>,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
) => Promise<void>;

/** A PUT that the storage refused. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly status: number;
  constructor(status: number) {
    super(
      status === 403
        ? "The link for the upload has ended, or the file has changed. Choose the file again, and send it again."
        : `The storage answered ${status}. Send the file again.`,
    );
    this.status = status;
  }
}

/** Sends a body with XMLHttpRequest, which reports its progress. */
export const put: Put = (url, body, headers, onSent, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      if (!/^(host|content-length)$/i.test(name)) {
        request.setRequestHeader(name, value);
      }
    }
    const abort = () => request.abort();
    signal.addEventListener("abort", abort);
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => (request.status < 300 ? resolve() : reject(new StorageError(request.status)));
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    if (signal.aborted) {
      reject(new DOMException("The upload was stopped.", "AbortError"));
    } else {
      // Without its media type, which is no part of what the link is signed for.
      request.send(body.slice(0, body.size, ""));
    }
  });

const AT_ONCE = 4;
const TRIES = 4;
const PAUSE = 1000;

export interface Sending {
  signal: AbortSignal;
  onProgress: Progress;
  /** Called once the upload has a name, so that it can be resumed after a reload. */
  onStarted?: (upload: Upload) => Promise<void> | void;
  /** For tests. */
  put?: Put;
  pause?: number;
}

/** Sends a file and returns its key; `resume` is the id of an upload in parts that had begun. */
export async function sendFile(
  file: Blob,
  request: UploadRequest,
  sending: Sending,
  resume?: string | null,
): Promise<string> {
  let upload = resume ? await takeUp(resume) : null;
  if (upload === null) {
    upload = await uploads.startUpload({ ...request, bytes: file.size });
    await sending.onStarted?.(upload);
  }
  if (!("parts" in upload)) {
    const single = upload;
    await tries(sending, () =>
      (sending.put ?? put)(
        single.url,
        file,
        single.headers,
        (sent) => sending.onProgress(sent, file.size),
        sending.signal,
      ),
    );
    sending.onProgress(file.size, file.size);
    return single.key;
  }
  // Links expire; missing parts get fresh ones.
  let parts: PartsUpload = upload;
  for (;;) {
    const before = parts.parts.length;
    const failed = await sendParts(file, parts, sending);
    if (failed === null) {
      break;
    }
    if (!(failed instanceof StorageError && failed.status === 403)) {
      throw failed;
    }
    sending.signal.throwIfAborted();
    parts = await uploads.resumeUpload(parts.id);
    if (parts.parts.length >= before) {
      throw failed;
    }
  }
  sending.signal.throwIfAborted();
  return (await uploads.completeUpload(parts.id)).key;
}

/** Returns the missing parts of an upload that had begun; null if it has ended or was aborted. */
async function takeUp(id: string): Promise<Upload | null> {
  try {
    return await uploads.resumeUpload(id);
  } catch (error) {
    if (error instanceof ProblemError && (error.status === 404 || error.status === 409)) {
      return null;
    }
    throw error;
  }
}

async function sendParts(file: Blob, upload: PartsUpload, sending: Sending): Promise<Error | null> {
  const sent = new Map<number, number>();
  const todo = [...upload.parts];
  const sizeOf = (number: number) => Math.min(upload.part_bytes, file.size - (number - 1) * upload.part_bytes);
  const done = file.size - todo.reduce((sum, part) => sum + sizeOf(part.number), 0);
  const report = () => sending.onProgress(done + [...sent.values()].reduce((sum, bytes) => sum + bytes, 0), file.size);
  report();
  let failed: Error | null = null;
  const lane = async () => {
    for (let part = todo.shift(); part && failed === null; part = todo.shift()) {
      const { number, url } = part;
      const from = (number - 1) * upload.part_bytes;
      const body = file.slice(from, from + sizeOf(number));
      try {
        await tries(sending, () =>
          (sending.put ?? put)(
            url,
            body,
            {},
            (bytes) => {
              sent.set(number, bytes);
              report();
            },
            sending.signal,
          ),
        );
        sent.set(number, body.size);
        report();
      } catch (error) {
        sent.delete(number);
        failed ??= error as Error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return failed;
}

/** Tries again what may pass: no answer, and the storage's own failures. */
async function tries(sending: Sending, attempt: () => Promise<void>): Promise<void> {
  for (let count = 1; ; count++) {
    try {
      await attempt();
      return;
    } catch (error) {
      const passing = !(error instanceof StorageError) || error.status >= 500 || error.status === 429;
      if (count === TRIES || sending.signal.aborted || !passing) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, (sending.pause ?? PAUSE) * 2 ** (count - 1)));
    }
  }
}
