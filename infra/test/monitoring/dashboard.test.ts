import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { FUNCTIONS } from "../functions/expected";
import { INFRA_DIR, lakeTemplate, only, readable, template, templateWith, type Json } from "../support";

const ROOT = path.join(INFRA_DIR, "..");

interface Shown {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

function widgetsOf(found: Template): Json[] {
  return JSON.parse(readable(only(found, "AWS::CloudWatch::Dashboard").Properties.DashboardBody)).widgets;
}

/** The metrics of the graphs. */
function shownOf(found: Template): Shown[] {
  const metrics: Json[] = widgetsOf(found).flatMap(({ properties }) => properties.metrics ?? []);
  return metrics.map(([namespace, name, ...rest]) => {
    const texts = rest.filter((one: Json) => typeof one === "string");
    const dimensions: Record<string, string> = {};
    for (let index = 0; index < texts.length; index += 2) {
      dimensions[texts[index]] = texts[index + 1];
    }
    return { namespace, name, dimensions };
  });
}

/** The names of the metrics that functions and the lake's job write. */
function written(): Set<string> {
  const crates = path.join(ROOT, "crates");
  const sources = readdirSync(crates, { recursive: true, encoding: "utf8" })
    .filter((file) => /^[^/]+\/src\/.*\.rs$/.test(file))
    .map((file) => readFileSync(path.join(crates, file), "utf8").split("#[cfg(test)]")[0] ?? "")
    .filter((text) => text.includes("Document::"));
  const job = readFileSync(path.join(ROOT, "lake", "rowgate_lake", "metrics.py"), "utf8");
  return new Set([...sources, job].flatMap((text) => [...text.matchAll(/"([A-Z][A-Za-z0-9]+)"/g)].map(([, name]) => name!)));
}

test("every metric of Rowgate that an alarm or the dashboard is about is written somewhere", () => {
  const alarms = Object.values(lakeTemplate().findResources("AWS::CloudWatch::Alarm")) as Json[];
  const named = alarms.filter(({ Properties }) => Properties.Namespace === "Rowgate").map(({ Properties }) => Properties.MetricName);
  const shown = shownOf(lakeTemplate()).filter(({ namespace }) => namespace === "Rowgate").map(({ name }) => name);
  const known = written();
  assert.ok(named.length > 5 && shown.length > 5);
  assert.deepEqual([...named, ...shown].filter((name) => !known.has(name)), []);
});

test("shows every alarm, every function, both doors, the queues and the database", () => {
  const [status] = widgetsOf(lakeTemplate());
  assert.equal(status.properties.alarms.length, Object.keys(lakeTemplate().findResources("AWS::CloudWatch::Alarm")).length);
  const shown = shownOf(template());
  const values = (namespace: string, dimension: string) =>
    new Set(shown.filter((one) => one.namespace === namespace).map(({ dimensions }) => dimensions[dimension]));
  assert.equal(values("AWS/Lambda", "FunctionName").size, Object.values(FUNCTIONS).filter(({ isOptional }) => !isOptional).length);
  assert.deepEqual([...values("AWS/ApiGateway", "ApiName")].sort(), ["rowgate", "rowgate-people"]);
  assert.equal(values("AWS/SQS", "QueueName").size, 3);
  const names = new Set(shown.map(({ name }) => name));
  for (const name of ["ServerlessDatabaseCapacity", "ACUUtilization", "DatabaseConnections", "VolumeBytesUsed", "BackupAgeHours", "RowsLoaded"]) {
    assert.ok(names.has(name), name);
  }
});

test("shows figures of this deployment, and none of the whole account", () => {
  for (const { namespace, name, dimensions } of shownOf(lakeTemplate())) {
    assert.equal(Object.keys(dimensions).length > 0, namespace !== "Rowgate" || name === "LakeStepSeconds", `${namespace} ${name}`);
  }
});

test("shows the lake where there is one", () => {
  const ofLake = (found: Template) => shownOf(found).filter(({ name }) => name.startsWith("Lake")).length;
  assert.equal(ofLake(template()), 0);
  assert.ok(ofLake(lakeTemplate()) > 0);
  const settings = readFileSync(path.join(ROOT, "lake", "rowgate_lake", "settings.py"), "utf8");
  const steps = [...(/class Step\(.*?\n\n\n/s.exec(settings)?.[0] ?? "").matchAll(/^ {4}[A-Z]+ = "(\w+)"$/gm)].map(([, step]) => step);
  const shown = shownOf(lakeTemplate()).filter(({ name }) => name === "LakeStepSeconds").map(({ dimensions }) => dimensions["Step"]);
  assert.deepEqual(shown, steps);
});

test("has the environment's name, and shows its metrics", () => {
  assert.equal(only(template(), "AWS::CloudWatch::Dashboard").Properties.DashboardName, "Rowgate");
  const staging = templateWith({ environment: "staging" });
  assert.equal(only(staging, "AWS::CloudWatch::Dashboard").Properties.DashboardName, "staging-Rowgate");
  for (const { namespace, name, dimensions } of shownOf(staging)) {
    assert.equal(dimensions["environment"], namespace === "Rowgate" ? "staging" : undefined, name);
  }
});
