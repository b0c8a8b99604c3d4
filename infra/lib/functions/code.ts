import { cpSync } from "node:fs";
import * as path from "node:path";

import { Code } from "aws-cdk-lib/aws-lambda";

import { artifactFolder } from "../artifacts";
import { packed } from "../packing";
import type { Settings } from "../settings";
import { copyTables } from "../tables";

/** The package of a function as it was built: its binary, and whatever lies beside it. */
export function asBuilt(settings: Settings, packageName: string): Code {
  return Code.fromAsset(artifactFolder(settings, packageName));
}

/** The package of a function that reads the folder of tables, which goes in as `sql/`. */
export function withTables(settings: Settings, packageName: string): Code {
  const artifact = artifactFolder(settings, packageName);
  const fill = (folder: string): void => {
    cpSync(path.join(artifact, "bootstrap"), path.join(folder, "bootstrap"));
    copyTables(settings.sql, folder);
  };
  return Code.fromAsset(artifact, packed(fill));
}
