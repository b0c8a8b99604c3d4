import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import * as path from "node:path";

import type { KeySettings } from "./api/keys";
import { copyFiles } from "./packing";
import { inRepository } from "./sources";
import { file, type Given, SettingsError } from "./values";

const DICTIONARY = "dictionary.toml";

/** The name of the folder of tables in a package, where functions and the lake's job look. */
const PACKED = "sql";

/** Reads the folder of tables that the setting `sql` names. */
export function tablesFolder(given: Given): string {
  const folder = file(given, "sql", inRepository("sql"));
  if (!existsSync(path.join(folder, DICTIONARY))) {
    throw new SettingsError(
      `${folder} is no folder of tables, it has no ${DICTIONARY}; name the folder of yours with "-c sql=<folder>"`,
    );
  }
  return folder;
}

/**
 * Checks the folder of tables with `rowgate tables check`: a wrong one must stop the deployment,
 * not the functions at their start. Nor may a key be for a table that is not there, which would
 * give it nothing.
 */
export function checkTables(given: Given, keys: readonly KeySettings[]): void {
  const folder = tablesFolder(given);
  const program = file(given, "rowgate", inRepository("target/debug/rowgate"));
  if (!existsSync(program)) {
    throw new SettingsError(
      `${program} is missing, which checks the folder of tables; build it with "cargo build --bin rowgate", ` +
        `or name the command with "-c rowgate=<file>"`,
    );
  }
  const check = (...options: string[]): string => {
    const { error, status, stdout, stderr } = spawnSync(program, ["tables", "check", folder, "--offline", ...options], { encoding: "utf8" });
    if (error) {
      throw new SettingsError(`${program} cannot be run: ${error.message}`);
    }
    if (status !== 0) {
      throw new SettingsError(`the folder of tables ${folder} is wrong\n${stdout}${stderr}`.trimEnd());
    }
    return stdout;
  };
  check();
  const bound = keys.flatMap(({ name, tables = [] }) => tables.map((table) => ({ name, table })));
  if (bound.length === 0) {
    return;
  }
  const findings = JSON.parse(check("--json")) as { what: string; name: string }[];
  const tables = findings.filter(({ what }) => what === "table").map(({ name }) => name);
  const missing = bound.find(({ table }) => !tables.includes(table));
  if (missing) {
    throw new SettingsError(
      `keys names the table ${missing.table} for ${missing.name}, which ${folder} does not have; its tables are ${tables.join(", ")}`,
    );
  }
}

/** Copies what functions read of a folder of tables: its dictionary, migrations and reports. */
export function copyTables(from: string, to: string): void {
  copyDictionary(from, to);
  for (const folder of ["migrations", "reports"]) {
    copyFiles(path.join(from, folder), path.join(to, PACKED, folder), ".sql");
  }
}

/** Copies what the lake's job reads of a folder of tables: its dictionary and gold. */
export function copyLakeTables(from: string, to: string): void {
  copyDictionary(from, to);
  copyFiles(path.join(from, "gold"), path.join(to, PACKED, "gold"), ".sql");
}

function copyDictionary(from: string, to: string): void {
  mkdirSync(path.join(to, PACKED));
  cpSync(path.join(from, DICTIONARY), path.join(to, PACKED, DICTIONARY));
}
