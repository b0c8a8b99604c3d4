import assert from "node:assert/strict";
import { test } from "node:test";

import { dummyArtifacts, dummyTables, synthesize, TABLES, type Context, type Json } from "../support";

/** The files of each function's package, by the function's name, and the package's hash. */
function packages(context: Context): Record<string, { hash: string; files: Record<string, string> }> {
  const { template, assetFiles } = synthesize(context);
  const functions = Object.values(template.Resources as Json).filter(({ Type }: Json) => Type === "AWS::Lambda::Function");
  return Object.fromEntries(
    functions.map(({ Properties }: Json) => {
      const hash = Properties.Code.S3Key.replace(".zip", "");
      return [Properties.FunctionName.replace("rowgate-", ""), { hash, files: assetFiles(hash) }];
    }),
  );
}

const READS_NO_TABLES = ["console"];

test("a function that reads tables has its folder of them beside its binary, without gold; the others have none", () => {
  const found = packages({});
  const read = Object.fromEntries(
    Object.entries(TABLES).filter(([name]) => !name.startsWith("gold/")).map(([name, content]) => [`sql/${name}`, content]),
  );
  for (const [name, { files }] of Object.entries(found)) {
    const { bootstrap, ...others } = files;
    assert.match(bootstrap ?? "", /the [\w-]+ function$/, name);
    if (READS_NO_TABLES.includes(name)) {
      assert.deepEqual(Object.keys(others).filter((file) => file.startsWith("sql/")), [], name);
    } else {
      assert.deepEqual(others, read, name);
    }
  }
  assert.deepEqual(READS_NO_TABLES.filter((name) => !(name in found)), []);
});

test("a package's hash follows the tables' content, and nothing else of their folder or its place", () => {
  const artifacts = dummyArtifacts();
  const hashes = (files: Record<string, string>) =>
    Object.fromEntries(Object.entries(packages({ artifacts, sql: dummyTables(files) })).map(([name, { hash }]) => [name, hash]));
  const first = hashes(TABLES);
  assert.deepEqual(hashes({ ...TABLES, "README.md": "Ours.", "gold/things-by-day.sql": "SELECT 3" }), first);
  const changed = hashes({ ...TABLES, "reports/more.sql": "SELECT 4" });
  const unchanged = Object.keys(first).filter((name) => changed[name] === first[name]);
  assert.deepEqual(unchanged.sort(), READS_NO_TABLES);
});

test("a folder of tables needs neither reports nor gold", () => {
  const { "dictionary.toml": dictionary } = TABLES;
  const { insert } = packages({ sql: dummyTables({ "dictionary.toml": dictionary ?? "" }), lake: "true" });
  assert.deepEqual(Object.keys(insert?.files ?? {}), ["bootstrap", "sql/dictionary.toml"]);
});
