// Tasks in the console beside the main way: a file with a title above its header, a match that is
// kept, the list of loads, an outlier that is corrected, a concurrent change by another person, a
// call that is tried, and a restore that is undone.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before } from "node:test";

import { accessible, close, open, picture, settled, signIn, visit, walk } from "./support/browser.mjs";
import { account, asScript, backup, call, CONSOLE, eventually, login, OPERATOR } from "./support/cloud.mjs";

// Unique to this run, so that the tables need not be empty.
const ID = randomInt(100_000_000, 2_000_000_000);
/** Comes before the ids of all others, so that it is among the first rows that stand out. */
const ODD = randomInt(-2_140_000_000, -2_000_000_000);
const DEPARTMENT = `Painters ${ID}`;

before(async () => {
  const rows = {
    departments: [{ id: ID, department_name: DEPARTMENT }],
    jobs: [{ id: ID + 1, job_name: `Painter ${ID}` }],
  };
  const { status, body } = await asScript("POST", "/insert_data", { body: rows });
  assert.equal(status, 201, JSON.stringify(body));
  await open();
});

after(close);

const row = (table, id) => asScript("GET", `/tables/${table}/rows/${id}`);

/** The row, once it is there and as it should be. */
const rowOnce = (table, id, isRight = () => true) =>
  eventually(`${table} ${id}`, async () => {
    const { status, body } = await row(table, id);
    return status === 200 && isRight(body) ? body : undefined;
  });

async function choose(page, field, option) {
  await page.getByRole("button", { name: field }).click();
  await page.getByRole("option", { name: option }).click();
}

function drop(page, name, lines) {
  const buffer = Buffer.from(`${lines.join("\r\n")}\r\n`);
  return page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer });
}

walk("a file with a title is read, a match is kept for the next file, and the loads are filtered", async () => {
  const page = await visit({ hash: "#/upload" });
  await signIn(page, await account(["writer"]));
  await choose(page, /^Table/, /^employees/);
  // As reports come: a title, an empty line, and the columns in another order. Department and job
  // have different ids, so a swap of the two would show.
  const hires = `Hires of ${ID}.csv`;
  await drop(page, hires, [
    "New hires",
    "",
    "id,name,datetime,job_id,department_id",
    `${ID + 2},Nora Quist,2021-03-01T09:00:00Z,${ID + 1},${ID}`,
    `${ID + 3},Ivo Brandt,2021-03-01T09:00:00Z,${ID + 1},${ID}`,
  ]);
  await page.getByText("All 2 rows can be read").waitFor();
  await page.getByRole("button", { name: "Load into employees" }).click();
  for (const id of [ID + 2, ID + 3]) {
    const { department_id, job_id } = await rowOnce("employees", id);
    assert.deepEqual([department_id, job_id], [ID, ID + 1]);
  }

  const matched = (name) => page.getByRole("button", { name: `Column of the table for ${name}` });
  await page.getByRole("button", { name: "Upload another file" }).click();
  await choose(page, /^Table/, /^jobs/);
  await drop(page, `Jobs of ${ID}.csv`, ["Job No;Job name;Remarks", `${ID + 4};Rigger;Rigger first class`]);
  await page.getByRole("heading", { name: "Match the columns" }).waitFor();
  assert.equal(await matched("Job name").innerText(), "job_name");
  // Not as it is proposed, so that only what was kept can bring it.
  await matched("Job name").click();
  await page.getByRole("option", { name: "Leave out" }).click();
  await matched("Remarks").click();
  await page.getByRole("option", { name: /^job_name/ }).click();
  await page.getByRole("checkbox", { name: /^Keep this for the next file/ }).check();
  await page.getByRole("button", { name: "Load into jobs" }).click();
  assert.equal((await rowOnce("jobs", ID + 4)).job_name, "Rigger first class");

  await page.getByRole("button", { name: "Upload another file" }).click();
  const more = `More jobs of ${ID}.csv`;
  await drop(page, more, ["Job No;Job name;Remarks", `${ID + 5};Fitter;Fitter second class`]);
  await page.getByText("matched as you kept it").waitFor();
  assert.equal(await matched("Job name").innerText(), "Leave out");
  assert.equal(await matched("Remarks").innerText(), "job_name");
  await page.getByRole("button", { name: "Load into jobs" }).click();
  assert.equal((await rowOnce("jobs", ID + 5)).job_name, "Fitter second class");

  await page.goto(`${CONSOLE}#/loads`);
  await page.getByRole("link", { name: more }).waitFor();
  await choose(page, /^Table/, /^employees/);
  await choose(page, /^State/, "Loaded");
  // It is in the link, so a reload and anybody who gets the link see the same.
  await page.reload();
  await page.getByRole("link", { name: hires }).waitFor();
  await settled(page);
  assert.match(new URL(page.url()).hash, /[?&]table=employees&status=completed/);
  assert.equal(await page.getByRole("link", { name: more }).count(), 0);
  assert.deepEqual(page.complaints, []);
});

walk("columns that are still to be matched are named, and a number is proposed for the key", async () => {
  const page = await visit({ hash: "#/upload" });
  await signIn(page, await account(["writer"]));
  await choose(page, /^Table/, /^employees/);
  await drop(page, `Staff of ${ID}.csv`, [
    "Staff no,Full name,Start,Dept,Position",
    `${ID + 10},Nora Quist,27/07/2021 16:02,${ID},${ID + 1}`,
    `${ID + 11},Ivo Brandt,28/07/2021 16:02,${ID},${ID + 1}`,
  ]);
  await page.getByRole("heading", { name: "Match the columns" }).waitFor();
  const matched = (name) => page.getByRole("button", { name: `Column of the table for ${name}` });
  await page.getByText(/must have a value: choose which columns? of the file/).waitFor();
  assert.equal(await matched("Staff no").innerText(), "id");
  assert.equal(await matched("Position").innerText(), "Choose a column, or leave it out");
  await accessible(page, "a match that misses columns");
  await picture(page, "tasks-match");
  assert.ok(await page.getByRole("button", { name: "Load into employees" }).isDisabled());
  // No row was read, so nothing is known of its dates.
  await page.getByText("As recognised: UTC").waitFor();
  assert.equal(await page.getByText("As recognised: 2021").count(), 0);
  await matched("Position").click();
  await page.getByRole("option", { name: /^job_id/ }).click();
  await page.getByText("All 2 rows can be read").waitFor();
  assert.equal(await page.getByText("must have a value").count(), 0);
  assert.deepEqual(page.complaints, []);
});

walk("clearing a filter leaves the table where it is", async () => {
  const page = await visit({ hash: "#/tables/jobs" });
  await page.setViewportSize({ width: 1280, height: 800 });
  await signIn(page, await account(["reader"]));
  // The menu is beside the page at this width.
  await page.getByRole("navigation").getByRole("link", { name: "Reports", exact: true }).waitFor();
  const top = async () => (await page.getByRole("heading", { name: /^Rows/ }).boundingBox()).y;
  await settled(page);
  const before = await top();
  await choose(page, /Column that is searched/, /^id$/);
  await page.getByPlaceholder("id is").fill("2147483646");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByText("No row has this id.").first().waitFor();
  assert.equal(await top(), before);
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByText("No row has this id.").waitFor({ state: "hidden" });
  await settled(page);
  assert.equal(await top(), before);
  // A wide window opens again what a narrow one closed.
  await page.setViewportSize({ width: 600, height: 800 });
  await page.getByRole("navigation").getByRole("link", { name: "Reports", exact: true }).waitFor({ state: "hidden" });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("navigation").getByRole("link", { name: "Reports", exact: true }).waitFor();
  assert.deepEqual(page.complaints, []);
});

walk("a list that could not be read says why, and nothing of what it holds", async () => {
  const page = await visit({ hash: "#/tables/jobs?column=id&value=5001-5004" });
  await signIn(page, await account(["reader"]));
  await page.getByText("id must be a whole number").waitFor();
  await settled(page);
  assert.equal(await page.getByText("No row has this id").count(), 0);
  // The same request has the same answer.
  assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0);
  await page.goto(`${CONSOLE}#/tables/jobs?column=id&value=${ID + 9}`);
  await page.getByText("No row has this id").waitFor();
  assert.deepEqual(page.complaints, []);
});

walk("a row that stands out is found, and mended by choosing a name", async () => {
  const content = [
    "id,name,datetime,department_id,job_id",
    `${ODD},Ana Soler,2021-07-27T16:02:08Z,${ID + 9},${ID + 1}`,
    "",
  ].join("\n");
  const asked = { table: "employees", file: `odd-${ID}.csv`, bytes: content.length };
  const { status, body: upload } = await asScript("POST", "/uploads", { body: asked });
  assert.equal(status, 201, JSON.stringify(upload));
  const sent = await fetch(upload.url, { method: "PUT", headers: upload.headers, body: content });
  assert.equal(sent.status, 200);
  await rowOnce("employees", ODD);

  const page = await visit({ hash: "#/outliers?table=employees" });
  await signIn(page, await account(["writer"]));
  await page.getByRole("link", { name: `Fix employees ${ODD}`, exact: true }).first().click();
  await page.getByRole("heading", { level: 1, name: `Edit employees ${ODD}` }).waitFor();
  await page.getByRole("button", { name: /^department_id .*no such row/ }).click();
  await page.locator('input[aria-label="Search departments"]').fill(DEPARTMENT);
  await page.getByRole("option", { name: DEPARTMENT }).click();
  await accessible(page, "a row's form");
  await page.getByRole("button", { name: "Save" }).click();
  await rowOnce("employees", ODD, ({ department_id }) => department_id === ID);
  const { body: found } = await asScript("GET", "/outliers?table=employees");
  const unknown = found.checks.filter(({ kind }) => kind === "unknown_reference");
  assert.ok(unknown.every(({ rows }) => rows.every(({ id }) => id !== ODD)));
  assert.equal((await asScript("DELETE", `/tables/employees/rows/${ODD}`)).status, 204);
  assert.deepEqual(page.complaints, []);
});

walk("what somebody else changed meanwhile is shown before a row is saved", async () => {
  const id = ID + 6;
  const put = (job_name) => asScript("PUT", `/tables/jobs/rows/${id}`, { body: { job_name } });
  assert.equal((await put("As it was")).status, 201);
  const page = await visit({ hash: `#/tables/jobs/row/${id}` });
  await signIn(page, await account(["writer"]));
  const name = page.getByRole("textbox", { name: "job_name", exact: true });
  await name.fill("Mine");
  assert.equal((await put("Somebody else's")).status, 200);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Somebody else has changed the row").waitFor();
  await page.getByRole("cell", { name: "Somebody else's" }).waitFor();
  await accessible(page, "a row that was changed meanwhile");
  assert.equal((await row("jobs", id)).body.job_name, "Somebody else's");
  // A form that was left half filled in says so when it is opened again.
  await page.reload();
  await page.getByText("Changes that are not saved yet").waitFor();
  assert.equal(await name.inputValue(), "Mine");
  await page.getByRole("button", { name: "Save" }).click();
  await rowOnce("jobs", id, ({ job_name }) => job_name === "Mine");
  assert.deepEqual(page.complaints, []);
});

walk("a call is tried on the page of the API", async () => {
  const page = await visit({ hash: "#/api/listTables" });
  await signIn(page, await account(["reader", "table:jobs"]));
  await page.getByRole("tab", { name: "Try it" }).click();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText(/200 .*in \d+ ms/).first().waitFor();
  await page.getByText('"job_name"').first().waitFor();
  await accessible(page, "a call that was tried");
  await picture(page, "tasks-api");
  assert.deepEqual(page.complaints, []);
});

walk("an operator restores a table and undoes it", async () => {
  const [kept, added] = [ID + 7, ID + 8];
  const put = (id, job_name) => asScript("PUT", `/tables/jobs/rows/${id}`, { body: { job_name } });
  assert.equal((await put(kept, "Before")).status, 201);
  const made = await backup(["jobs"]);
  assert.equal((await put(kept, "Since")).status, 200);
  assert.equal((await put(added, "Since")).status, 201);

  const page = await visit({ hash: `#/backups/backup/${made}` });
  await signIn(page, OPERATOR);
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  const dialog = page.getByRole("dialog");
  // The rows of now are kept for the comparison once they are counted.
  await dialog.getByRole("columnheader", { name: "Rows now", exact: true }).first().waitFor();
  await accessible(page, "what a restore asks");
  const restore = dialog.getByRole("button", { name: "Restore", exact: true });
  assert.ok(await restore.isDisabled());
  await dialog.getByPlaceholder(made).fill("jobs");
  assert.ok(await restore.isDisabled());
  await dialog.getByPlaceholder(made).fill(made);
  await restore.click();
  await page.getByRole("button", { name: "Undo the restore" }).waitFor();
  // One row was added since the backup.
  await page.getByRole("columnheader", { name: "Rows before" }).first().waitFor();
  assert.match(await page.getByRole("row", { name: /^jobs/ }).first().innerText(), /−1/);
  await picture(page, "tasks-restored");
  await rowOnce("jobs", kept, ({ job_name }) => job_name === "Before");
  assert.equal((await row("jobs", added)).status, 404);

  await page.getByRole("button", { name: "Undo the restore" }).click();
  const id = new URL(page.url()).hash.split("/").at(-1);
  await dialog.getByPlaceholder(id).fill(id);
  await dialog.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByText("The restore is undone").waitFor();
  await rowOnce("jobs", kept, ({ job_name }) => job_name === "Since");
  await rowOnce("jobs", added);
  const { body } = await call("GET", "/audit?limit=20", { token: await login(OPERATOR) });
  const actions = body.entries.map(({ action }) => action);
  assert.ok(actions.includes("start-restore") && actions.includes("undo-restore"), actions.join(" "));
  assert.deepEqual(page.complaints, []);
});
