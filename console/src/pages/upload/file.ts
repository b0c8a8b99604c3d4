// Files as the page handles them.

/** The size of a file's beginning that is checked before it is sent. */
export const HEAD_BYTES = 2 * 1024 * 1024;

/** The endings of files that can be loaded, by format: the first one stands for it in sentences. */
const FORMATS = [[".csv"], [".tsv"], [".txt"], [".jsonl"], [".ndjson"], [".xlsx", ".xlsm"]] as const;
const PACKINGS = [".gz", ".zst"];

/** The endings that the dialog of the browser offers. */
export const ACCEPT = [...FORMATS.flat(), ...PACKINGS].join(",");
const READABLE = new RegExp(`(${FORMATS.flat().join("|")})(${PACKINGS.join("|")})?$`.replaceAll(".", "\\."), "i");
const OR = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** Says why a file cannot be loaded by its name or size; null if it can. */
export function fileFault(file: { name: string; size: number }): string | null {
  if (!READABLE.test(file.name)) {
    return /\.(xls|ods|numbers)$/i.test(file.name)
      ? `${file.name} is a spreadsheet of another kind. Save it as .xlsx or .csv, and choose that file.`
      : `${file.name} cannot be read. Choose a file that ends in ${OR.format(FORMATS.map(([ending]) => ending))}, also with ${OR.format(PACKINGS)} behind it.`;
  }
  if (/^(\.|~\$)/.test(file.name)) {
    return `${file.name} is a temporary file of another program. Choose the file itself.`;
  }
  return file.size === 0 ? `${file.name} is empty. Choose a file that has rows.` : null;
}

/** Reads the first bytes of a file as base64. */
export async function readHead(file: Blob): Promise<string> {
  return toBase64(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
}

export function toBase64(bytes: Uint8Array): string {
  const STEP = 0x8000;
  let text = "";
  for (let from = 0; from < bytes.length; from += STEP) {
    text += String.fromCharCode(...bytes.subarray(from, from + STEP));
  }
  return btoa(text);
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) {
    bytes[index] = binary.charCodeAt(index);
  }
  return bytes;
}
