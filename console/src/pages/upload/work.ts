// What is under way on the page; a reload keeps it.

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
  /** What the check is of: file, table, mode and settings. */
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
  /** Of an upload in parts, what takes it up again. */
  id: string | null;
  /** What the upload was begun with, as `signOf` writes it. */
  sign: string;
  before: string[];
  arrived: boolean;
  load: string | null;
}

export const NO_WORK: Work = {
  table: null,
  mode: "append",
  file: null,
  settings: {},
  unclear: {},
  check: null,
  checked: null,
  recalled: false,
  remember: false,
  agreed: false,
  sent: null,
};

/** Forgets what was found out of a file, where another one is chosen. */
export const withoutCheck = (work: Work): Work => ({
  ...work,
  settings: {},
  unclear: {},
  check: null,
  checked: null,
  recalled: false,
  remember: false,
  sent: null,
});

/** What a check and an upload are of: file, table, mode and settings. */
export const signOf = ({ file, table, mode, settings }: Work): string => JSON.stringify([file, table, mode, settings]);

/**
 * The upload that goes on where it stopped. None where it was begun with something else: its mode
 * and settings stay.
 */
export function interrupted(work: Work): Sent | null {
  const { sent } = work;
  return sent !== null && !sent.arrived && sent.sign === signOf(work) ? sent : null;
}

/**
 * Says about how many rows the file has, by those of its beginning; nothing of a packed file, whose
 * beginning tells little.
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
