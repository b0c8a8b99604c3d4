// Fails if what a browser fetches for the first page (Overview, signed in) weighs more than it may,
// compressed.

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

const LIMIT = 600 * 1024;
const FIRST_PAGES = ["src/pages/overview/index.tsx", "src/pages/upload/index.tsx", "src/pages/loads/index.tsx"];
const dist = new URL("../dist/", import.meta.url).pathname;

const manifest = JSON.parse(await readFile(join(dist, ".vite/manifest.json"), "utf8"));

const packed = async (file) => {
  for (const path of [`${file}.br`, file]) {
    try {
      return (await stat(join(dist, path))).size;
    } catch {
      // There is no compressed one of what does not get smaller.
    }
  }
  throw new Error(`${file} is not in dist/: run npm run build first`);
};

const collect = (key, files = new Set()) => {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) {
    return files;
  }
  files.add(chunk.file);
  for (const file of chunk.css ?? []) {
    files.add(file);
  }
  for (const imported of chunk.imports ?? []) {
    collect(imported, files);
  }
  return files;
};

// As vite.config.ts names them; all of them count, though a page fetches those alone whose
// characters it shows.
const fonts = (await readdir(join(dist, "console/assets"))).filter((name) => /^font-.*\.woff2$/.test(name));
if (fonts.length === 0) {
  throw new Error("dist/ has no fonts: they are named otherwise than this script thinks");
}
let failed = false;
for (const page of FIRST_PAGES) {
  const files = collect("index.html", new Set(["index.html"]));
  for (const file of collect(page)) {
    files.add(file);
  }
  let bytes = 0;
  for (const file of files) {
    bytes += await packed(file);
  }
  for (const font of fonts) {
    bytes += await packed(`console/assets/${font}`);
  }
  const over = bytes > LIMIT;
  failed ||= over;
  console.log(
    `${page}: ${(bytes / 1024).toFixed(0)} KiB compressed in ${files.size + fonts.length} files${over ? ": too much" : ""}`,
  );
}
process.exitCode = failed ? 1 : 0;
