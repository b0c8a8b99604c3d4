import type { LoadDetail } from "../../api/types";
import { parseRejects, type Rejects } from "./rejects";

/** The most rows that are shown and corrected in a page; more are in the downloaded file. */
export const MOST_ROWS = 1000;
const MOST_BYTES = 4 * 1024 * 1024;

export interface ReadRejects extends Rejects {
  /** Refused rows that are not among `rows`. */
  more: number;
}

const SPARE = 60_000;

/** Returns true if links that are good until a time have ended, or are about to. */
export const hasEnded = (until: string | null, now: number): boolean =>
  until === null || !(new Date(until).getTime() - now > SPARE);

/** Fetches refused rows of a load by the links that it has; they are good for 15 minutes. */
export async function readRejects(load: LoadDetail, signal: AbortSignal): Promise<ReadRejects> {
  const read: Rejects = { columns: [], delimiter: ",", rows: [] };
  let left = MOST_BYTES;
  for (const file of load.rejects) {
    if (read.rows.length >= MOST_ROWS || left <= 0) {
      break;
    }
    const { text, cut } = await fetchText(file.url, left, signal);
    left -= text.length;
    const { columns, delimiter, rows } = parseRejects(text, cut);
    if (read.rows.length === 0) {
      read.columns = columns;
      read.delimiter = delimiter;
    }
    read.rows.push(...rows.slice(0, MOST_ROWS - read.rows.length));
  }
  return { ...read, more: Math.max(0, load.rows_rejected - read.rows.length) };
}

async function fetchText(url: string, most: number, signal: AbortSignal): Promise<{ text: string; cut: boolean }> {
  const response = await fetch(url, { signal, credentials: "omit", referrerPolicy: "no-referrer" });
  if (!response.ok || response.body === null) {
    throw new Error("The refused rows could not be fetched: their link has ended. Load them again.");
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return { text: text + decoder.decode(), cut: false };
    }
    text += decoder.decode(value, { stream: true });
    if (text.length > most) {
      await reader.cancel();
      return { text, cut: true };
    }
  }
}
