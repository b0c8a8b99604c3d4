import { expect, it } from "vitest";
import { fileFault, fromBase64, HEAD_BYTES, readHead, toBase64 } from "./file";

it("knows what can be loaded", () => {
  for (const name of ["a.csv", "A.CSV", "a.csv.gz", "a.xlsx", "a.jsonl.zst", "x.y.txt"]) {
    expect(fileFault({ name, size: 1 })).toBeNull();
  }
  for (const name of ["a.pdf", "a", "a.xls", "csv", "~$a.xlsx", ".a.csv"]) {
    expect(fileFault({ name, size: 1 })).not.toBeNull();
  }
  expect(fileFault({ name: "a.csv", size: 0 })).toMatch(/empty/);
  expect(fileFault({ name: "a.pdf", size: 1 })).toBe(
    "a.pdf cannot be read. Choose a file that ends in .csv, .tsv, .txt, .jsonl, .ndjson or .xlsx, also with .gz or .zst behind it.",
  );
});

it("brings bytes there and back", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
  expect(fromBase64(toBase64(bytes))).toEqual(bytes);
});

it("reads no more than the head", async () => {
  const head = await readHead(new Blob([new Uint8Array(HEAD_BYTES + 5)]));
  expect(fromBase64(head).length).toBe(HEAD_BYTES);
});
