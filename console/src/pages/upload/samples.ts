import Papa from "papaparse";
import type { FileSettings } from "../../api/types";

const MOST_TEXT = 64 * 1024;
const MOST_ROWS = 50;
const SHOWN = 3;

function records(bytes: Uint8Array, settings: FileSettings): string[][] {
  let text: string;
  try {
    text = new TextDecoder(settings.encoding ?? "utf-8").decode(bytes.subarray(0, MOST_TEXT));
  } catch {
    return [];
  }
  const options = { delimiter: settings.delimiter ?? "", preview: MOST_ROWS, skipEmptyLines: true };
  return Papa.parse<string[]>(text, options).data;
}

/**
 * The names of the first line, where the check knows of no header and the file is plain text: a
 * person may match them. None where they are no names.
 */
export function firstNames(bytes: Uint8Array, settings: FileSettings): string[] {
  const names = (records(bytes, settings)[settings.skip_lines ?? 0] ?? []).map((name) => name.trim());
  const isName = (name: string) => /\p{L}/u.test(name) && !/[\p{Cc}\uFFFD]/u.test(name);
  return names.length > 0 && new Set(names).size === names.length && names.every(isName) ? names : [];
}

/**
 * Shows values of each of the file's columns, also where the check could not match them; of plain
 * text alone.
 */
export function samples(bytes: Uint8Array, header: string[], settings: FileSettings): Record<string, string> {
  const data = records(bytes, settings);
  const names = header.map((name) => name.trim());
  const at = data.findIndex((record) => names.every((name, index) => record[index]?.trim() === name));
  if (at < 0) {
    return {};
  }
  const rows = data.slice(at + 1, at + 1 + MOST_ROWS);
  return Object.fromEntries(
    header.map((name, index) => {
      const values = rows.map((record) => record[index]?.trim() ?? "").filter((value) => value !== "");
      return [name, [...new Set(values)].slice(0, SHOWN).join(", ")];
    }),
  );
}
