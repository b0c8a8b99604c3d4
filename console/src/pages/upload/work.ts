// The work in progress on the page; a reload keeps it.

import type { Check, FileSettings, Mode } from "../../api/types";
import type { Unclear } from "./settings";

export interface Work {
  table: string | null;
  mode: Mode;
  /** The file as it was chosen; its content is kept beside this, where it is small. */
  file: { name: string; size: number; modified: number } | null;
  settings: FileSettings;
  unclear: Unclear;
  check: Check | null;
  /** The input of the check: file, table, mode and settings. */
  checked: string | null;
  /** Settings that were kept of a file with this header, and taken. */
  recalled: boolean;
  remember: boolean;
  /** The typed agreement to replace a table. */
  agreed: boolean;
  sent: Sent | null;
}

export interface Sent {
  key: string;
  /** The id that resumes an upload in parts. */
  id: string | null;
  /** The input of the upload, as `signOf` writes it. */
  sign: string;
  before: string[];
  arrived: boolean;
  load: string | null;
}

/** What is not yet known of a file. */
const UNCHECKED = {
  settings: {},
  unclear: {},
  check: null,
  checked: null,
  recalled: false,
  remember: false,
  sent: null,
};

export const NO_WORK: Work = { ...UNCHECKED, table: null, mode: "append", file: null, agreed: false };

/** Forgets what was found out of a file, where another one is chosen. */
export const withoutCheck = (work: Work): Work => ({ ...work, ...UNCHECKED });

/** Takes another file; the same one, chosen again, keeps what was found out of it. */
export function withFile(work: Work, chosen: File | null): Work {
  const file = chosen && { name: chosen.name, size: chosen.size, modified: chosen.lastModified };
  const same = file !== null && JSON.stringify(work.file) === JSON.stringify(file);
  return { ...(same ? work : withoutCheck(work)), file };
}

/** Identifies the input of a check or an upload: file, table, mode and settings. */
export const signOf = ({ file, table, mode, settings }: Work): string => JSON.stringify([file, table, mode, settings]);

/** Returns the upload that can resume; null if it was begun with another mode or other settings. */
export function interrupted(work: Work): Sent | null {
  const { sent } = work;
  return sent !== null && !sent.arrived && sent.sign === signOf(work) ? sent : null;
}

/**
 * Estimates the number of rows of the file from its beginning; returns nothing for a packed file,
 * whose beginning says little.
 */
export function expectedRows({ file, check }: Work, headBytes: number): number | undefined {
  if (!file || !check || check.rows_read === 0) {
    return undefined;
  }
  if (file.size <= headBytes) {
    return check.rows_read;
  }
  return /^(csv|tsv|jsonl)$/.test(check.format) ? Math.round((check.rows_read * file.size) / headBytes) : undefined;
}
