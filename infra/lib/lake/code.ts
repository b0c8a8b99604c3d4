import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import { Construct } from "constructs";

// Compiled, this file lies in infra/dist/lib/lake/.
const ROOT = path.resolve(__dirname, "..", "..", "..", "..");
const LAKE = path.join(ROOT, "lake");
const SQL = path.join(ROOT, "sql");

/** The code of the job: the script, and a zip of the package and of the SQL files that it reads. */
export class JobCode extends Construct {
  readonly script: Asset;
  readonly library: Asset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.script = new Asset(this, "Script", { path: path.join(LAKE, "job.py") });
    this.library = new Asset(this, "Library", {
      path: LAKE,
      // The hash depends on the copied files alone, not on other files in the folder or on times.
      assetHashType: AssetHashType.OUTPUT,
      bundling: {
        // The CDK asks for an image, which it never starts where `local` has done the work.
        image: DockerImage.fromRegistry("none"),
        local: {
          tryBundle: (folder) => {
            copyLibrary(folder);
            return true;
          },
        },
      },
    });
  }
}

/** Copies what the job's zip holds: `rowgate_lake/`, `sql/dictionary.toml` and `sql/gold/`. */
function copyLibrary(folder: string): void {
  copyFiles(path.join(LAKE, "rowgate_lake"), path.join(folder, "rowgate_lake"), ".py");
  mkdirSync(path.join(folder, "sql"));
  cpSync(path.join(SQL, "dictionary.toml"), path.join(folder, "sql", "dictionary.toml"));
  copyFiles(path.join(SQL, "gold"), path.join(folder, "sql", "gold"), ".sql");
}

/** Copies the files of a folder that end in `ending`, with the folders that they are in. */
function copyFiles(from: string, to: string, ending: string): void {
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from, { encoding: "utf8", recursive: true }).filter((name) => name.endsWith(ending));
  for (const name of names.sort()) {
    mkdirSync(path.dirname(path.join(to, name)), { recursive: true });
    cpSync(path.join(from, name), path.join(to, name));
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
