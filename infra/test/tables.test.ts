import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import { readKeys } from "../lib/api/keys";
import { SettingsError } from "../lib/values";
import { checkTables } from "../lib/tables";
import { dummyCommand, dummyTables } from "./support";

const check = (rowgate: string, sql: string, tables?: string[]) =>
  checkTables((name) => ({ rowgate, sql })[name], readKeys(() => [...(tables ? [{ name: "team", right: "read", tables }] : []), { name: "ops", right: "operate" }]));

test("the folder is checked without a database", () => {
  const sql = dummyTables();
  check(dummyCommand(`[ "$*" = "tables check ${sql} --offline" ]`), sql);
});

test("a wrong folder stops with what the command says", () => {
  const sql = dummyTables();
  const refusing = dummyCommand("echo 'error: dictionary.toml:2: there is no type intger' >&2; exit 1");
  assert.throws(
    () => check(refusing, sql),
    new SettingsError(`the folder of tables ${sql} is wrong\nerror: dictionary.toml:2: there is no type intger`),
  );
});

test("a key for a table that the folder does not have is refused", () => {
  const sql = dummyTables();
  const listing = dummyCommand(`echo '[{"what": "table", "name": "things"}, {"what": "report", "name": "people"}]'`);
  check(listing, sql, ["things"]);
  assert.throws(
    () => check(listing, sql, ["things", "people"]),
    new SettingsError(`keys names the table people for team, which ${sql} does not have; its tables are things`),
  );
});

test("a folder without a dictionary, and a missing command, are named with what to do", () => {
  const empty = dummyTables({});
  assert.throws(
    () => check(dummyCommand(), empty),
    new SettingsError(
      `${empty} is no folder of tables, it has no dictionary.toml; name the folder of yours with "-c sql=<folder>"`,
    ),
  );
  assert.throws(
    () => check("/nowhere/rowgate", dummyTables()),
    new SettingsError(
      '/nowhere/rowgate is missing, which checks the folder of tables; build it with "cargo build --bin rowgate", ' +
        'or name the command with "-c rowgate=<file>"',
    ),
  );
});

test("a command that cannot be run is a sentence, too", () => {
  const file = path.join(dummyTables(), "text");
  writeFileSync(file, "no program", { mode: 0o644 });
  assert.throws(() => check(file, dummyTables()), (error) => error instanceof SettingsError && /text cannot be run: /.test(error.message));
});
