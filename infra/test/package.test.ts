import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after, test } from "node:test";

import { dummyArtifacts, dummyCommand, dummyTables, INFRA_DIR } from "./support";

const folder = mkdtempSync(path.join(tmpdir(), "rowgate-infra-package-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const APP = `
import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { Rowgate, type RowgateProps, SettingsError } from "rowgate-cdk";

const props: RowgateProps = {
  environment: "dev",
  artifacts: process.argv[2]!,
  sql: process.argv[3]!,
  rowgate: process.argv[4]!,
  lake: true,
  keys: [{ name: "team-a", right: "write", tables: ["things"] }, { name: "operator", right: "operate" }],
};
const app = new App();
const { data, service } = new Rowgate(app, "Rows", props);
const own = new Stack(app, "Own");
new CfnOutput(own, "Bucket", { value: data.bucket.bucketArn });
app.synth();
try {
  new Rowgate(app, "Wrong", { ...props, readers: 16 });
} catch (error) {
  console.log(data.stackName, service.stackName, error instanceof SettingsError);
}
`;

/** Runs a program to its end, which must be a good one. */
function run(program: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

test("another app imports the construct from its package, with types, and synthesizes it", () => {
  run("bash", [path.join(INFRA_DIR, "..", "scripts", "release-construct.sh"), "v1.2.3", folder], INFRA_DIR);
  const modules = path.join(folder, "node_modules");
  mkdirSync(path.join(modules, "rowgate-cdk"), { recursive: true });
  run("tar", ["xzf", path.join(folder, "rowgate-cdk-1.2.3.tgz"), "--strip-components=1", "-C", path.join(modules, "rowgate-cdk")], folder);
  for (const name of readdirSync(path.join(INFRA_DIR, "node_modules"))) {
    symlinkSync(path.join(INFRA_DIR, "node_modules", name), path.join(modules, name));
  }
  writeFileSync(path.join(folder, "app.ts"), APP);
  const compiler = path.join(INFRA_DIR, "node_modules", "typescript", "bin", "tsc");
  // As node runs it: the package is where the app is, not where a link leads.
  const options = ["--strict", "--module", "node16", "--moduleResolution", "node16", "--target", "es2023", "--types", "node", "--skipLibCheck"];
  run(process.execPath, [compiler, ...options, "--preserveSymlinks", "app.ts"], folder);
  const said = run(process.execPath, ["--preserve-symlinks", "app.js", dummyArtifacts(), dummyTables(), dummyCommand()], folder);
  assert.equal(said, "dev-rowgate-data dev-rowgate true\n");
  assert.deepEqual(readdirSync(path.join(modules, "rowgate-cdk")).sort(), ["LICENSE", "dist", "package.json", "packed"]);
});
