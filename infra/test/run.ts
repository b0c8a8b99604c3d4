// Runs every test file in this one process. `node --test` would start a process for each, and every
// one of them would load the CDK and synthesize the stack again, which is nearly all of the time.
import { readdirSync } from "node:fs";
import * as path from "node:path";

const files = readdirSync(__dirname, { encoding: "utf8", recursive: true });
for (const file of files.filter((name) => name.endsWith(".test.js")).sort()) {
  require(path.join(__dirname, file));
}
