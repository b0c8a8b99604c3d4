import { readFileSync } from "node:fs";
import * as path from "node:path";

import { Asset } from "aws-cdk-lib/aws-s3-assets";
import { Construct } from "constructs";

import { copyFiles, packed } from "../packing";
import { LAKE } from "../sources";
import { copyLakeTables } from "../tables";

/**
 * The code of the job: the script, and a zip of the package `rowgate_lake` and of what it reads of
 * the folder of tables `sql`.
 */
export class JobCode extends Construct {
  readonly script: Asset;
  readonly library: Asset;

  constructor(scope: Construct, id: string, sql: string) {
    super(scope, id);
    this.script = new Asset(this, "Script", { path: path.join(LAKE, "job.py") });
    const fill = (folder: string): void => {
      copyFiles(path.join(LAKE, "rowgate_lake"), path.join(folder, "rowgate_lake"), ".py");
      copyLakeTables(sql, folder);
    };
    this.library = new Asset(this, "Library", { path: LAKE, ...packed(fill) });
  }
}

/**
 * Reads from lake/requirements.txt, under "# On Glue", every module that the job needs and Glue
 * does not bring, with its version.
 */
export function additionalModules(): string[] {
  const lines = readFileSync(path.join(LAKE, "requirements.txt"), "utf8").split("\n");
  const begin = lines.findIndex((line) => line.startsWith("# On Glue:"));
  const end = lines.indexOf("", begin);
  const modules = lines.slice(begin, end).filter((line) => !line.startsWith("#"));
  if (begin < 0 || end < 0 || modules.length === 0 || !modules.every((line) => /^[\w.-]+==[\w.]+$/.test(line))) {
    throw new Error('lake/requirements.txt has no paragraph of pinned modules under "# On Glue:"');
  }
  return modules;
}
