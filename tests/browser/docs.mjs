// Opens the page of `rowgate docs` in a browser and works with it as a reader does: what an
// operation answers is shown, and the page complains of nothing and asks no other host for
// anything.
//
//     source .local/env && node tests/browser/docs.mjs target/debug/rowgate [picture.png]
//
// A picture of the page is left where something fails. The row that it inserts, it deletes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";

import { Chromium } from "./chromium.mjs";

const ELSEWHERE = "http://elsewhere.invalid/";

const [rowgate, picture] = process.argv.slice(2);
const key = process.env.ROWGATE_OPERATOR_KEY;

const requests = [];
const complaints = [];

function hear(method, parameters) {
  switch (method) {
    case "Network.requestWillBeSent":
      requests.push(`${parameters.request.method} ${parameters.request.url}`);
      break;
    case "Network.webSocketCreated":
      requests.push(`WebSocket ${parameters.url}`);
      break;
    case "Runtime.exceptionThrown":
      complaints.push(`${method}: ${JSON.stringify(parameters)}`);
      break;
    case "Log.entryAdded":
    case "Runtime.consoleAPICalled":
      if (["assert", "error", "warning"].includes(parameters.type ?? parameters.entry.level)) {
        complaints.push(`${method}: ${JSON.stringify(parameters)}`);
      }
      break;
    case "Audits.issueAdded":
      // The others are advice on form fields, which are Swagger UI's own.
      if (parameters.issue.code === "ContentSecurityPolicyIssue") {
        complaints.push(`${method}: ${JSON.stringify(parameters)}`);
      }
      break;
  }
}

// The page's server, and its address once it listens.
async function serve() {
  const server = spawn(rowgate, ["docs"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ROWGATE_API_KEY: key },
  });
  const gone = once(server, "exit").then(([code]) => assert.fail(`rowgate docs ended with ${code}`));
  const [address] = await Promise.race([once(createInterface(server.stdout), "line"), gone]);
  gone.catch(() => {});
  return { server, address };
}

// Opens an operation's section and lets its fields be written into.
async function open(browser, id) {
  await browser.click(`#${id} .opblock-summary-control`);
  await browser.click(`#${id} .try-out__btn:not(.cancel)`);
}

// Sends what the section has, and reads the answer that it shows.
async function execute(browser, id) {
  await browser.click(`#${id} .execute`);
  return browser.until(`the answer of ${id}`, shownAnswer, `#${id} .live-responses-table`);
}

// In the page.
function shownAnswer(selector) {
  const status = document.querySelector(`${selector} tbody .response-col_status`);
  const body = document.querySelector(`${selector} .highlight-code pre`);
  return status && { status: status.innerText.trim(), body: body && JSON.parse(body.innerText) };
}

async function work(browser, address) {
  const base = address.replace(/\/docs$/, "");
  const api = await (await fetch(`${base}/openapi.json`)).json();

  await browser.send("Page.navigate", { url: address });
  const operations = await browser.until("the operations", () =>
    [...document.querySelectorAll(".opblock")].map((section) => section.id).join(" "),
  );
  const written = Object.values(api.paths).flatMap((path) => Object.values(path));
  const expected = written.filter((it) => it.operationId).map((it) => `operations-${it.tags[0]}-${it.operationId}`);
  assert.deepEqual(operations.split(" ").sort(), expected.sort(), "the page shows the document's operations");

  const status = "operations-Service-status";
  await open(browser, status);
  const { body: health, ...answered } = await execute(browser, status);
  assert.deepEqual(answered, { status: "200" });
  assert.equal(health.status, "ok");

  const tables = "operations-Rows-listTables";
  await open(browser, tables);
  const listed = await execute(browser, tables);
  assert.equal(listed.status, "200");
  assert.ok(listed.body.tables.some((table) => table.name === "departments"));

  const row = { id: randomInt(1_000_000_000, 2_000_000_000), department_name: "Seen in <b>a browser</b>" };
  const insert = "operations-Rows-insertRows";
  await open(browser, insert);
  // Its example is written into the field late, and would take the row's place.
  const field = `#${insert} textarea`;
  await browser.until("the example of a row", (field) => document.querySelector(field)?.value, field);
  await browser.type(field, JSON.stringify(row));
  const inserted = await execute(browser, insert);
  assert.equal(inserted.status, "201", JSON.stringify(inserted));
  assert.equal(inserted.body.inserted, 1);

  for (const [operation, code, body] of [["readRow", "200", row], ["deleteRow", "204", null]]) {
    const id = `operations-Rows-${operation}`;
    await open(browser, id);
    await browser.type(`#${id} [data-param-name="id"] input`, String(row.id));
    assert.deepEqual(await execute(browser, id), { status: code, body });
  }

  // Swagger UI draws a section, with everything that it refers to, when it is opened.
  for (const operation of operations.split(" ")) {
    const id = `#${operation}`;
    if (!(await browser.run((id) => document.querySelector(id).matches(".is-open"), id))) {
      await browser.click(`${id} .opblock-summary-control`);
    }
    const drawn = `${id} .responses-table`;
    await browser.until(drawn, (drawn) => document.querySelector(drawn) !== null, drawn);
    const faults = await browser.run((id) => document.querySelector(id).innerText.match(/.*Could not render.*/g), id);
    assert.equal(faults, null, `the page draws all of ${operation}`);
    // Open sections make all that follows slower.
    await browser.click(`${id} .opblock-summary-control`);
  }
  const faults = await browser.run(() => document.querySelector(".errors-wrapper")?.innerText ?? null);
  assert.equal(faults, null, "the page finds no fault with the document");
  return base;
}

// Holds the page to its own host. That the browser reports a call elsewhere, as the last thing,
// shows that it would have reported others.
async function checkHosts(browser, base) {
  const refused = await browser.run((url) => fetch(url).then(() => false, () => true), ELSEWHERE);
  assert.ok(refused, "the page's policy refuses a call to another host");
  const end = Date.now() + 60_000;
  while (!complaints.some((it) => it.includes("ContentSecurityPolicyIssue") && it.includes(ELSEWHERE))) {
    assert.ok(Date.now() < end, "the browser reports that the policy has refused the call");
    await browser.run(() => {});
  }
  const others = (list) => list.filter((it) => !it.includes(ELSEWHERE));
  assert.deepEqual(others(complaints), [], "the page complains of nothing");
  const foreign = others(requests).filter((it) => !/^\w+ data:/.test(it) && !it.split(" ")[1].startsWith(`${base}/`));
  assert.deepEqual(foreign, [], "the page asks no other host");
  assert.ok(requests.some((it) => it === `POST ${base}/tables/departments/rows`), "the browser reports requests");
}

assert.ok(rowgate && key && process.env.ROWGATE_URL, "usage: source .local/env && node tests/browser/docs.mjs ROWGATE");
const { server, address } = await serve();
let browser;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    server.kill();
    await browser?.end();
    process.exit(1);
  });
}
try {
  browser = await Chromium.start("chromium", hear);
  const base = await work(browser, address);
  await checkHosts(browser, base);
  console.log(`The page shows and does what it should, in ${requests.length} requests.`);
} catch (error) {
  console.error(error);
  console.error([...requests, ...complaints].join("\n"));
  if (browser && picture) {
    await writeFile(picture, Buffer.from(await browser.picture(), "base64")).catch(console.error);
  }
  process.exitCode = 1;
} finally {
  await browser?.end();
  server.kill();
}
