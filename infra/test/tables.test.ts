import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after, test } from "node:test";

import { SettingsError } from "../lib/values";
import { checkTables } from "../lib/tables";
import { dummyTables } from "./support";

const programs = mkdtempSync(path.join(tmpdir(), "rowgate-infra-command-"));
after(() => rmSync(programs, { recursive: true, force: true }));

/** A command in place of `rowgate`. */
function command(name: string, script: string): string {
  const file = path.join(programs, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

const check = (rowgate: string, sql: string) => checkTables((name) => ({ rowgate, sql })[name]);

test("the folder is checked without a database", () => {
  const sql = dummyTables();
  check(command("careful", `[ "$*" = "tables check ${sql} --offline" ]`), sql);
});

test("a wrong folder stops with what the command says", () => {
  const sql = dummyTables();
  const refusing = command("refusing", "echo 'error: dictionary.toml:2: there is no type intger' >&2; exit 1");
  assert.throws(
    () => check(refusing, sql),
    new SettingsError(`the folder of tables ${sql} is wrong\nerror: dictionary.toml:2: there is no type intger`),
  );
});

test("a folder without a dictionary, and a missing command, are named with what to do", () => {
  assert.throws(
    () => check(command("unused", "exit 0"), programs),
    new SettingsError(
      `${programs} is no folder of tables, it has no dictionary.toml; name the folder of yours with "-c sql=<folder>"`,
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
  const file = path.join(programs, "text");
  writeFileSync(file, "no program", { mode: 0o644 });
  assert.throws(() => check(file, dummyTables()), (error) => error instanceof SettingsError && /text cannot be run: /.test(error.message));
});
