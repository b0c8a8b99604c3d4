// Writes `.br` and `.gz` beside each file of dist/ that gets smaller by it, so that the function
// only has to choose.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const folder = new URL("../dist/", import.meta.url).pathname;
const SMALL = /\.(html|js|css|svg|json|txt)$/;

const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
const zip = (bytes) => promisify(gzip)(bytes, { level: 9 });

for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !SMALL.test(entry.name)) {
    continue;
  }
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  for (const [ending, pack] of [
    [".br", brotli],
    [".gz", zip],
  ]) {
    const packed = await pack(bytes);
    if (packed.length < bytes.length) {
      await writeFile(path + ending, packed);
    }
  }
}
