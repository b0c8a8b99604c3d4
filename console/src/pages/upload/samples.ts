import Papa from "papaparse";
import type { FileSettings } from "../../api/types";

const MOST_TEXT = 64 * 1024;
const MOST_ROWS = 50;
const SHOWN = 3;

/** Shows values of each of the file's columns, also where the check could not match them; of plain text alone. */
export function samples(bytes: Uint8Array, header: string[], settings: FileSettings): Record<string, string> {
  let text: string;
  try {
    text = new TextDecoder(settings.encoding ?? "utf-8").decode(bytes.subarray(0, MOST_TEXT));
  } catch {
    return {};
  }
  const { data } = Papa.parse<string[]>(text, {
    delimiter: settings.delimiter ?? "",
    preview: MOST_ROWS,
    skipEmptyLines: true,
  });
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
