import { existsSync } from "node:fs";
import * as path from "node:path";

// Compiled, this file lies in dist/lib/ of the package.
const PACKAGE = path.resolve(__dirname, "..", "..");

/** What `npm pack` copies into the package, which then stands alone. */
const PACKED = path.join(PACKAGE, "packed");

/** The repository, where it is there. */
const REPOSITORY = path.resolve(PACKAGE, "..");

/** The folder of the declarations of the API. */
export const DECLARATIONS = source("api", "crates/openapi/api");

/** The folder of the lake's job. */
export const LAKE = source("lake", "lake");

/** A path in the repository, absolute. */
export function inRepository(name: string): string {
  return path.join(REPOSITORY, name);
}

function source(packed: string, name: string): string {
  const folder = path.join(PACKED, packed);
  return existsSync(folder) ? folder : inRepository(name);
}
