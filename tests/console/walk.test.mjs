// The way of a clerk, an analyst and an operator through the console: register, approve, sign in,
// upload an odd file, fix a refused row in the page, see it loaded, draw a report, back up, verify,
// sign out.

import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { after, before } from "node:test";

import { accessible, close, open, picture, settled, signIn, visit, walk } from "./support/browser.mjs";
import { asScript, call, CONSOLE, eventually, login, newPerson, OPERATOR } from "./support/cloud.mjs";

// Unique to this run, so that the tables need not be empty.
const ID = randomInt(100_000_000, 2_000_000_000);
const YEAR = randomInt(2200, 9000);
const clerk = newPerson();
// Odd in the ways of people's files: another header in another order, semicolons, dates that are no
// ISO dates, a column that the table has not, and a department that is no number.
const NAME = `Hires ${YEAR} (final).csv`;
const FILE = [
  "Employee No;Full name;Hired on;Job ID;Department ID;Remarks",
  `${ID};Nora Quist;27/07/${YEAR} 16:02;${ID};${ID};`,
  `${ID + 1};Ivo Brandt;28/07/${YEAR} 09:30;${ID};Maintenance;moved`,
  `${ID + 2};Ana Soler;29/10/${YEAR} 08:00;${ID};${ID};`,
  "",
].join("\r\n");

before(async () => {
  const rows = {
    departments: [{ id: ID, department_name: `Maintenance ${ID}` }],
    jobs: [{ id: ID, job_name: `Welder ${ID}` }],
  };
  const { status, body } = await asScript("POST", "/insert_data", { body: rows });
  assert.equal(status, 201, JSON.stringify(body));
  await open();
});

after(close);

walk("a clerk registers, is let in, and mends a file that nobody wrote for us", async () => {
  const page = await visit();
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByLabel("E-mail address").fill(clerk.username);
  await page.getByLabel("Password", { exact: true }).fill(clerk.password);
  await page.getByLabel("Password, once more").fill(clerk.password);
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByText("An operator has to approve it").waitFor();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("E-mail address").fill(clerk.username);
  await page.getByLabel("Password", { exact: true }).fill(clerk.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("has not been approved yet").waitFor();

  const operator = await visit({ hash: "#/accounts" });
  await signIn(operator, OPERATOR);
  await operator.getByRole("button", { name: `Approve ${clerk.username}` }).click();
  await operator.getByRole("radio", { name: /Writer/i }).check();
  await operator.getByRole("dialog").getByRole("button", { name: "Approve", exact: true }).click();
  await operator.getByText(`${clerk.username} may sign in`).waitFor();
  assert.deepEqual(operator.complaints, []);
  await operator.context().close();

  await page.getByRole("button", { name: "Sign in" }).click();
  await signIn(page, clerk);
  await page.getByRole("link", { name: "Upload", exact: true }).click();
  await page.getByRole("button", { name: /^Table/ }).click();
  await page.getByRole("option", { name: /^employees/ }).click();
  await page.locator("input[type=file]").setInputFiles({ name: NAME, mimeType: "text/csv", buffer: Buffer.from(FILE) });
  await page.getByRole("heading", { name: "Match the columns" }).waitFor();
  // Proposed by name and by the values, dates too; 27/07 can be read in one way alone.
  await page.getByText("1 would be refused").waitFor();
  const matched = (name) => page.getByRole("button", { name: new RegExp(`Column of the table for ${name}`) });
  for (const [name, column] of [["Employee No", "id"], ["Full name", "name"], ["Hired on", "datetime"], ["Remarks", "Leave out"]]) {
    assert.equal(await matched(name).innerText(), column);
  }
  for (const [option, text] of [[/^name/, "matched twice"], ["Leave out", "1 would be refused"]]) {
    await matched("Remarks").click();
    await page.getByRole("option", { name: option }).click();
    await page.getByText(text).first().waitFor();
  }
  await page.getByText("1 would be refused").waitFor();
  await accessible(page, "the upload page with a file");
  await picture(page, "walk-upload");
  // A reload in the middle loses nothing.
  await page.reload();
  await page.getByText("1 would be refused").waitFor();
  await page.getByRole("button", { name: "Load into employees" }).click();

  const department = page.getByRole("textbox", { name: /^department_id, line 3/ });
  await department.waitFor();
  await accessible(page, "the verdict");
  await picture(page, "walk-verdict");
  assert.equal(await department.inputValue(), "Maintenance");
  await page.getByText("Write the number of the department, or choose it by name.").waitFor();
  // The clerk knows the department by its name alone: in full it is found, else searched for.
  await department.fill(`maintenance ${ID}`);
  await page.getByRole("button", { name: `Use ${ID} (Maintenance ${ID})` }).click();
  assert.equal(await department.inputValue(), String(ID));
  await department.fill("Maintenance");
  await page.getByRole("button", { name: "Find by name, department_id, line 3" }).click();
  await accessible(page, "a reference that is chosen by name");
  await page.getByRole("button", { name: /^department_id, line 3/ }).click();
  await page.getByRole("combobox", { name: "Search departments" }).fill(`ance ${ID}`);
  await page.getByRole("option", { name: new RegExp(`Maintenance ${ID}`) }).click();
  await page.getByText("Ready to be sent").waitFor();
  await page.reload();
  assert.equal(await department.inputValue(), String(ID));
  await page.getByRole("button", { name: "Send 1 row again" }).click();
  await page.getByText("1 row sent again").waitFor();
  const token = await login(clerk);
  const rows = await eventually("the mended row", async () => {
    const { body } = await call("GET", `/tables/employees/rows?ids=${ID},${ID + 1},${ID + 2}`, { token });
    return body.rows.length === 3 ? body.rows : undefined;
  });
  assert.deepEqual(rows[1], {
    id: ID + 1,
    name: "Ivo Brandt",
    datetime: `${YEAR}-07-28T09:30:00Z`,
    department_id: ID,
    job_id: ID,
  });
  const verdict = page.getByText("All 3 rows are in, 1 of them after correction");
  await verdict.waitFor();
  await page.getByText("Every refused row is dealt with").waitFor();
  await picture(page, "walk-mended");
  await page.reload();
  await verdict.waitFor();
  // So it does on the load's own page, in a tab that has sent nothing.
  const { body } = await call("GET", "/loads?table=employees&limit=50", { token });
  const { parent } = body.loads.find(({ parent, rows_loaded }) => parent !== null && rows_loaded === 1);
  const other = await visit({ hash: `#/loads/${parent}` });
  await signIn(other, clerk);
  await other.getByText("All 3 rows are in, 1 of them after correction").waitFor();
  await other.getByText("Every refused row is dealt with").waitFor();
  await accessible(other, "the load's own page");
  assert.deepEqual(other.complaints, []);
  assert.deepEqual(page.complaints, []);
});

walk("a row is added, changed and deleted with the dictionary's rules, and the trail has it", async () => {
  const page = await visit({ hash: "#/tables/departments" });
  await signIn(page, OPERATOR);
  await page.getByRole("button", { name: "Add a row" }).or(page.getByRole("link", { name: "Add a row" })).click();
  const id = ID + 10;
  await page.getByLabel("id", { exact: true }).fill(String(id));
  await page.getByRole("textbox", { name: "department_name", exact: true }).fill("x".repeat(256));
  await page.getByText(/255/).first().waitFor();
  const markup = `<img src=x onerror="document.title='owned'"> ${randomUUID()}`;
  await page.getByRole("textbox", { name: "department_name", exact: true }).fill(markup);
  await page.getByRole("button", { name: /^(Add|Save)/ }).click();
  const token = await login(OPERATOR);
  const read = async () => call("GET", `/tables/departments/rows/${id}`, { token });
  await eventually("the row", async () => ((await read()).status === 200 ? true : undefined));
  const filter = `column=department_name&value=${encodeURIComponent(markup)}`;
  await page.goto(`${CONSOLE}#/tables/departments?${filter}`);
  await page.getByRole("cell", { name: markup }).waitFor();
  await settled(page);
  const shown = page.getByRole("link", { name: /^departments \d+$/ });
  assert.deepEqual(await shown.allInnerTexts(), [String(id)]);
  assert.notEqual(await page.title(), "owned");
  await page.goto(`${CONSOLE}#/tables/departments/row/${id}`);
  await page.getByRole("button", { name: "Save" }).waitFor();
  await page.getByRole("textbox", { name: "department_name", exact: true }).fill("Plain");
  await page.getByRole("button", { name: "Save" }).click();
  await eventually("the change", async () => ((await read()).body.department_name === "Plain" ? true : undefined));
  await page.goto(`${CONSOLE}#/tables/departments/row/${id}`);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await eventually("the end of the row", async () => ((await read()).status === 404 ? true : undefined));
  const { body } = await call("GET", `/audit?table=departments&row=${id}`, { token });
  assert.deepEqual(
    body.entries.map(({ username, before, after }) => [username, before?.department_name, after?.department_name]),
    [
      [OPERATOR.username, "Plain", undefined],
      [OPERATOR.username, markup, "Plain"],
      [OPERATOR.username, undefined, markup],
    ],
  );
  assert.deepEqual(page.complaints, []);
});

walk("an analyst sees a report as a picture, and saves it", async () => {
  const page = await visit({ hash: `#/reports/hires-by-quarter?year=${YEAR}` });
  await signIn(page, clerk);
  await page.getByRole("heading", { name: "Chart" }).waitFor();
  await page.getByRole("cell", { name: `Maintenance ${ID}` }).first().waitFor();
  await accessible(page, "a report");
  await picture(page, "walk-report");
  for (const [button, ending, magic] of [
    ["CSV", ".csv", Buffer.from("department,job,q1")],
    ["Save the chart as a PNG", ".png", Buffer.from([0x89, 0x50, 0x4e, 0x47])],
  ]) {
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: button }).click();
    const download = await coming;
    assert.ok(download.suggestedFilename().endsWith(ending));
    const chunks = await (await download.createReadStream()).toArray();
    assert.deepEqual(Buffer.concat(chunks).subarray(0, magic.length), magic);
  }
  await page.goto(`${CONSOLE}#/reports/hires-by-quarter?year=${encodeURIComponent("<script>document.title='owned'</script>")}`);
  await page.getByText(/whole number/).first().waitFor();
  assert.notEqual(await page.title(), "owned");
  assert.deepEqual(page.complaints, []);
});

walk("an operator backs up, verifies, and signs out", async () => {
  const page = await visit({ hash: "#/backups" });
  await signIn(page, OPERATOR);
  const token = await login(OPERATOR);
  const known = (await call("GET", "/backups", { token })).body.backups.map(({ backup }) => backup);
  await page.getByRole("button", { name: "Start a backup" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /^Start/ }).click();
  const made = await eventually("the backup", async () => {
    const { body } = await call("GET", "/backups", { token: await login(OPERATOR) });
    return body.backups.find(({ backup, status }) => !known.includes(backup) && status === "completed");
  });
  await page.goto(`${CONSOLE}#/backups/backup/${made.backup}`);
  await page.getByRole("button", { name: "Verify" }).click();
  await eventually("the verification", async () => {
    const { body } = await call("GET", `/backups/${made.backup}`, { token: await login(OPERATOR) });
    return body.verified === true ? true : undefined;
  });
  await page.goto(`${CONSOLE}#/overview`);
  await page.getByRole("heading", { name: "Newest backup" }).waitFor();
  await picture(page, "walk-overview");
  await page.getByRole("button", { name: `Account ${OPERATOR.username}` }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(page.complaints, []);
});
