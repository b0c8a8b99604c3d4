import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after } from "node:test";

import { App, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";

import { FUNCTIONS } from "./functions/expected";
import { readRoutes, type Route } from "../lib/api/declarations";
import { Rowgate, type RowgateProps } from "../lib";

/** The folder of cdk.json; compiled, this file lies in dist/test/. */
export const INFRA_DIR = path.resolve(__dirname, "..", "..");

/** The packages of the functions. */
export const PACKAGES = Object.entries(FUNCTIONS).map(([name, one]) => one.package ?? name);

export type Context = Readonly<Record<string, unknown>>;

/** A CloudFormation value or resource, looked into without types. */
export type Json = any;

/** The numbers of processors in ELF. */
export const MACHINES = { arm64: 183, x86_64: 62, riscv: 243 } as const;

/** What is no program but for its first bytes. */
export function program(machine: number, text: string): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header.writeUInt16LE(machine, 18);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** A folder of functions that hold no program, which lives as long as the test file's run. */
export function dummyArtifacts(machine: number = MACHINES.arm64): string {
  const folder = mkdtempSync(path.join(tmpdir(), "rowgate-infra-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of PACKAGES) {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, "bootstrap"), program(machine, `the ${name} function`), { mode: 0o755 });
  }
  mkdirSync(path.join(folder, "console", "static"));
  writeFileSync(path.join(folder, "console", "static", "index.html"), "the page");
  return folder;
}

/** The files of a folder of tables. */
export const TABLES: Readonly<Record<string, string>> = {
  "dictionary.toml": '[[table]]\nname = "things"\n',
  "gold/things-by-day.sql": "SELECT 1",
  "migrations/20260101_create_things/up.sql": "CREATE TABLE things (id INT PRIMARY KEY)",
  "reports/things.sql": "SELECT 2",
};

/** A folder of tables with these files, which lives as long as the test file's run. */
export function dummyTables(files: Readonly<Record<string, string>> = TABLES): string {
  const folder = mkdtempSync(path.join(tmpdir(), "rowgate-infra-sql-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** A command in place of `rowgate`: one that knows the tables of these tests, or a script. */
export function dummyCommand(script = LISTS_TABLES): string {
  const folder = mkdtempSync(path.join(tmpdir(), "rowgate-infra-command-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "rowgate");
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

const LISTS_TABLES = `echo '${JSON.stringify(["things", "orders", "customers"].map((name) => ({ what: "table", name })))}'`;

/** The synthesized stacks: their templates, and the files of an asset by their names in it. */
export interface Synthesized {
  readonly template: Json;
  readonly assetFiles: (hash: string) => Record<string, string>;
}

/** Synthesizes the stacks to files. */
export function synthesize(context: Context): Synthesized {
  const { app, data, service } = rowgate(context);
  const assembly = app.synth();
  const assetFiles = (hash: string) => {
    const folder = path.join(assembly.directory, `asset.${hash}`);
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = entries.map((entry) => path.join(entry.parentPath, entry.name)).sort();
    return Object.fromEntries(paths.map((one) => [path.relative(folder, one), readFileSync(one, "utf8")]));
  };
  return { template: joined(data, service), assetFiles };
}

/** The app as bin/rowgate.ts makes it, with the context of cdk.json and `context` on top. */
export function rowgate(context: Context = {}): { app: App; data: Stack; service: Stack } {
  const cdkJson = JSON.parse(readFileSync(path.join(INFRA_DIR, "cdk.json"), "utf8")) as { context: Context };
  const outdir = mkdtempSync(path.join(tmpdir(), "rowgate-infra-out-"));
  after(() => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({
    analyticsReporting: false,
    outdir,
    context: cdkJson.context,
  });
  const architecture = context["architecture"] as keyof typeof MACHINES | undefined;
  const props = {
    artifacts: dummyArtifacts(MACHINES[architecture ?? "arm64"]),
    sql: dummyTables(),
    rowgate: dummyCommand(),
    ...context,
  };
  const { data, service } = new Rowgate(app, "Rowgate", props as RowgateProps);
  return { app, data, service };
}

/** The template of a stack. */
export function templateOf(stack: Stack): Json {
  return Template.fromStack(stack).toJSON();
}

/**
 * Both templates as one: where the service refers to an output of the data, its value is there. So
 * one look finds a resource and what it has to do with others.
 */
function joined(data: Stack, service: Stack): Json {
  const kept = templateOf(data);
  const resolve = (value: Json): Json => {
    if (Array.isArray(value)) {
      return value.map(resolve);
    }
    if (typeof value !== "object" || value === null) {
      return value;
    }
    const output = value["Fn::GetStackOutput"];
    if (output === undefined) {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolve(one)]));
    }
    if (output.StackName !== data.stackName) {
      throw new Error(`there is no stack ${output.StackName}`);
    }
    return kept["Outputs"][output.OutputName].Value;
  };
  const made = resolve(templateOf(service));
  const repeated = Object.keys(made["Resources"]).filter((id) => id in kept["Resources"]);
  if (repeated.length > 0) {
    throw new Error(`both stacks have ${repeated.join(", ")}`);
  }
  const both = (section: string) => ({ ...kept[section], ...made[section] });
  return { Resources: both("Resources"), Outputs: both("Outputs") };
}

let asShipped: Template | undefined;

/** The template with the settings as they ship; synthesized once. */
export function template(): Template {
  asShipped ??= templateWith({});
  return asShipped;
}

let withEverything: Template | undefined;

/** The template with every function that there is; synthesized once. */
export function everyFunction(): Template {
  withEverything ??= templateWith({ sample: "true" });
  return withEverything;
}

let withLake: Template | undefined;

/** The template with the lake and its settings as they ship; synthesized once. */
export function lakeTemplate(): Template {
  withLake ??= templateWith({ lake: "true" });
  return withLake;
}

let withChangedLake: Template | undefined;

/** The template with the lake and others than its own settings; synthesized once. */
export function changedLakeTemplate(): Template {
  withChangedLake ??= templateWith({
    lake: "true",
    backupAt: "23:05",
    lakePersonal: "omit",
    lakeWorkers: "10",
    lakeWorkerType: "G.2X",
    lakeKeepDays: "7",
    lakePollSeconds: "1",
    lakeScanLimitGiB: "1",
    lakeTimeoutMinutes: "600",
    lineageUrl: "http://marquez.example.com:5000",
  });
  return withChangedLake;
}

/** Both templates as one, with these settings. */
export function templateWith(context: Context): Template {
  const { data, service } = rowgate(context);
  return Template.fromJSON(joined(data, service));
}

/** The one resource of a type whose properties `matches` accepts. */
export function only(template: Template, type: string, matches: (properties: Json) => boolean = () => true): Json {
  const found = Object.values(template.findResources(type)).filter((resource) => matches(resource["Properties"] ?? {}));
  if (found.length !== 1) {
    throw new Error(`${found.length} resources of ${type} match, not one`);
  }
  return found[0];
}

/** The statements of a function's own policy, by their sid. */
export function statements(template: Template, functionId: string): Record<string, Json> {
  const policy = only(template, "AWS::IAM::Policy", (properties) => properties.PolicyName.startsWith(functionId));
  return Object.fromEntries(policy.Properties.PolicyDocument.Statement.map((statement: Json) => [statement.Sid, statement]));
}

/** A value of a template as a text: what refers to something is its name in angle brackets. */
export function readable(value: Json): string {
  if (typeof value === "string") {
    return value;
  }
  if (value.Ref !== undefined) {
    return `<${value.Ref}>`;
  }
  if (value["Fn::GetAtt"] !== undefined) {
    return `<${value["Fn::GetAtt"].join(".")}>`;
  }
  if (value["Fn::Sub"] !== undefined) {
    return value["Fn::Sub"].replace(/\$\{([^}]+)\}/g, "<$1>");
  }
  const [separator, parts] = value["Fn::Join"];
  return parts.map(readable).join(separator);
}

/** A method of a REST API. */
export interface Method {
  readonly method: string;
  readonly path: string;
  /** The function that answers, without `rowgate-`. */
  readonly target: string;
  readonly properties: Json;
}

/** The methods of the REST API whose name in the template begins with `door`. */
export function methodsOf(template: Template, door: string): Method[] {
  const resources = template.toJSON()["Resources"];
  const path = (id: Json): string => {
    if ("Fn::GetAtt" in id) {
      return "";
    }
    const { ParentId, PathPart } = resources[id.Ref].Properties;
    return `${path(ParentId)}/${PathPart}`;
  };
  return Object.values(template.findResources("AWS::ApiGateway::Method"))
    .map((resource) => resource["Properties"])
    .filter(({ RestApiId }) => RestApiId.Ref.startsWith(door))
    .map((properties) => {
      const parts: Json[] = properties.Integration.Uri["Fn::Join"][1];
      const [called] = parts.flatMap((part) => part["Fn::GetAtt"]?.[0] ?? []);
      const target = resources[called].Properties.FunctionName.replace("rowgate-", "");
      return { method: properties.HttpMethod, path: path(properties.ResourceId), target, properties };
    });
}

/** The declared routes that `matches` accepts, as texts, sorted. */
export function declared(matches: (route: Route) => boolean): string[] {
  return readRoutes().filter(matches).map(({ method, path, target }) => `${method} ${path} ${target}`).sort();
}

/** Methods as texts, sorted: those with a name, and those that stand for all others of a path. */
export function listed(methods: readonly Method[]): { named: string[]; others: string[] } {
  const all = methods.map(({ method, path, target }) => `${method} ${path} ${target}`).sort();
  return { named: all.filter((method) => !method.startsWith("ANY ")), others: all.filter((method) => method.startsWith("ANY ")) };
}
