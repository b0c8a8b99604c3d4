// Every page in both themes, on a telephone and on a wide screen: nothing for axe to find, nothing
// cut off, nothing that the content security policy forbids, no request to another host; and the
// weight of the first page.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { request } from "node:http";
import { after, before, test } from "node:test";

import { accessible, close, fits, open, picture, settled, signIn, SIZES, THEMES, visit, walk } from "./support/browser.mjs";
import { account, asScript, backup, call, CONSOLE, login, OPERATOR, PEOPLE } from "./support/cloud.mjs";

const PAGES = ["overview", "upload", "loads", "tables/employees", "reports/hires-by-quarter", "outliers", "backups", "api", "accounts"];
/** Bytes of all that the first page asks for, as they go over the wire. */
const FIRST_PAGE_LIMIT = 600_000;

before(open);
after(close);

for (const theme of THEMES) {
  for (const size of Object.keys(SIZES)) {
    walk(`every page is whole and accessible, ${theme} and ${size}`, async () => {
      const page = await visit({ theme, size });
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await accessible(page, "sign-in");
      await picture(page, `sign-in-${theme}-${size}`);
      await signIn(page, OPERATOR);
      for (const path of PAGES) {
        await page.goto(`${CONSOLE}#/${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await settled(page);
        const name = path.replaceAll("/", "-");
        await picture(page, `${name}-${theme}-${size}`);
        await accessible(page, `${path}, ${theme}, ${size}`);
        await fits(page, `${path}, ${theme}, ${size}`);
      }
      assert.deepEqual(page.complaints, []);
      const hosts = new Set(page.requests.filter((url) => !url.startsWith("data:")).map((url) => new URL(url).host));
      assert.deepEqual([...hosts], [new URL(CONSOLE).host]);
    });
  }
}

walk("the first page is light, packed and cached", async () => {
  const page = await visit();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  const form = await weigh(page);
  // The files for Overview come on top.
  await signIn(page, OPERATOR);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await settled(page);
  const overview = await weigh(page);
  assert.ok(form > 0 && overview > form, `${form} bytes, then ${overview}`);
  assert.ok(overview <= FIRST_PAGE_LIMIT, `the first page weighs ${overview} bytes`);
  console.log(`the sign-in form: ${form} bytes; with Overview: ${overview} bytes`);
});

/** Bytes of all files of the console that a page has asked for. */
async function weigh(page) {
  let bytes = 0;
  for (const url of new Set(page.requests.filter((one) => one.startsWith(CONSOLE)))) {
    const answer = await fetch(url, { headers: { "accept-encoding": "br" } });
    // fetch measures unpacked bytes; the header has the size that was sent.
    bytes += Number(answer.headers.get("content-length"));
    assert.equal(answer.status, 200, url);
    const isPage = url.split("#")[0] === CONSOLE;
    const caching = isPage ? /no-cache/ : /max-age=31536000, immutable/;
    assert.match(answer.headers.get("cache-control"), caching, url);
    if (/\.(js|css)$/.test(url) || isPage) {
      assert.equal(answer.headers.get("content-encoding"), "br", url);
    }
  }
  return bytes;
}

walk("the keyboard alone signs in and gets to a page", async () => {
  const page = await visit();
  await page.getByLabel("E-mail address").waitFor();
  await page.getByLabel("E-mail address").focus();
  await page.keyboard.type(OPERATOR.username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(OPERATOR.password);
  await page.keyboard.press("Enter");
  const link = page.getByRole("link", { name: "Reports", exact: true });
  await link.waitFor();
  for (let presses = 0; !(await link.evaluate((element) => element === document.activeElement)); presses += 1) {
    assert.ok(presses < 40, "Tab does not get to the navigation");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Reports" }).waitFor();
});

/** The controls on these pages that change something, by their accessible names; some are links. */
const ACTIONS = {
  overview: [/^Upload a file$/],
  "tables/departments": [/^Add a row$/, /^Edit departments /, /^Delete departments /],
  backups: [/^Start a backup$/, /^Verify /, /^Restore /],
};

/** The actions of a page that can be seen, of those that there are. */
async function actionsOn(page, path) {
  await page.goto(`${CONSOLE}#/${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await settled(page);
  const found = [];
  for (const name of ACTIONS[path]) {
    const either = page.getByRole("button", { name }).or(page.getByRole("link", { name }));
    if ((await either.count()) > 0) {
      found.push(name);
    }
  }
  return found;
}

walk("a reader sees no button for what only others may, and is refused when calling anyway", async () => {
  const row = { id: randomInt(100_000_000, 2_000_000_000), department_name: "Seen" };
  assert.equal((await asScript("POST", "/tables/departments/rows", { body: [row] })).status, 201);
  const made = await backup(["jobs"]);
  const operator = await visit();
  await signIn(operator, OPERATOR);
  for (const path of Object.keys(ACTIONS)) {
    assert.deepEqual(await actionsOn(operator, path), ACTIONS[path], `an operator on ${path}`);
  }
  await operator.context().close();

  // One who sees every table sees the backups too.
  const every = await visit({ hash: "#/backups" });
  await signIn(every, await account(["reader"]));
  await every.getByRole("link", { name: made }).waitFor();
  for (const path of Object.keys(ACTIONS)) {
    assert.deepEqual(await actionsOn(every, path), [], `a reader on ${path}`);
  }
  await every.context().close();

  const reader = await account(["reader", "table:departments"]);
  const page = await visit({ hash: "#/tables" });
  await signIn(page, reader);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await settled(page);
  const pages = await page.getByRole("navigation").getByRole("link").allInnerTexts();
  assert.deepEqual(pages.filter((text) => ["Upload", "Accounts"].includes(text)), []);
  for (const path of Object.keys(ACTIONS)) {
    assert.deepEqual(await actionsOn(page, path), [], `a reader of one table on ${path}`);
  }
  const token = await login(reader);
  for (const [method, path, body] of [
    ["POST", "/tables/departments/rows", [{ id: 1, department_name: "x" }]],
    ["PUT", "/tables/departments/rows/1", { department_name: "x" }],
    ["DELETE", "/tables/departments/rows/1"],
    ["POST", "/uploads", { table: "departments", file: "x.csv" }],
    ["POST", "/backups"],
    ["POST", "/restores", { backup: "latest" }],
    ["GET", "/accounts"],
    ["GET", "/audit"],
    ["GET", "/tables/employees/rows"],
    ["GET", "/reports/hires-by-quarter"],
    ["GET", "/backups"],
  ]) {
    const { status, headers, body: problem } = await call(method, path, { token, body });
    assert.equal(status, 403, `${method} ${path}: ${JSON.stringify(problem)}`);
    assert.match(headers.get("content-type"), /problem\+json/);
  }
  const { body } = await call("GET", "/tables", { token });
  assert.deepEqual(body.tables.map(({ name }) => name), ["departments"]);
});

walk("a session that ends asks to sign in and continues where it was", async () => {
  const writer = await account(["writer"]);
  const page = await visit({ hash: "#/tables/departments/new" });
  await signIn(page, writer);
  const name = page.getByRole("textbox", { name: "department_name", exact: true });
  await name.fill("Kept");
  await page.getByRole("textbox", { name: "id", exact: true }).fill(String(randomInt(100_000_000, 2_000_000_000)));
  // Every token is refused from now on, as after twelve hours, until the next sign-in.
  let over = true;
  await page.route(`${PEOPLE}/**`, (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path.endsWith("/login")) {
      over = false;
    }
    return over && !path.includes("/console")
      ? route.fulfill({ status: 401, contentType: "application/problem+json", body: '{"type":"urn:rowgate:problem:session-over","title":"Unauthorized","status":401,"detail":"Sign in again."}' })
      : route.continue();
  });
  // If the page asks by itself, the dialog is already above the button.
  await page.getByRole("button", { name: /^(Add|Save)/ }).dispatchEvent("click");
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  await accessible(page, "the sign-in dialog");
  await dialog.getByLabel("Password").fill(writer.password);
  await dialog.getByRole("button", { name: "Sign in and go on" }).click();
  await page.getByText(/Added departments/).first().waitFor();
});

test("the page cannot be framed, holds no cookie, and answers no other site's script", async () => {
  const answer = await fetch(CONSOLE);
  const policy = answer.headers.get("content-security-policy");
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) {
    assert.ok(policy.split(/; */).includes(part), `${part} in ${policy}`);
  }
  assert.ok(!/unsafe-eval|unsafe-inline.*script|\*/.test(policy), policy);
  assert.equal(answer.headers.get("x-frame-options"), "DENY");
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.equal(answer.headers.get("set-cookie"), null);
  const signedIn = await call("POST", "/login", { body: OPERATOR });
  assert.equal(signedIn.headers.get("set-cookie"), null);
  // A request that a form of another site can send: no header of its own, so no token.
  const forged = await fetch(`${PEOPLE}/tables/departments/rows`, {
    method: "POST",
    headers: { origin: "https://elsewhere.example", "content-type": "text/plain" },
    body: '[{"id":1,"department_name":"x"}]',
  });
  assert.equal(forged.status, 401);
  assert.equal(forged.headers.get("access-control-allow-origin"), null);
});

/** Asks for a path as it is written: `fetch` would resolve its dots before it asks. */
function raw(path) {
  const { hostname, port, pathname } = new URL(PEOPLE);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: pathname + path }, async (answer) => {
      const chunks = await answer.toArray();
      resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() });
    });
    asked.on("error", reject).end();
  });
}

test("paths that lead out of the page's folder lead nowhere", async () => {
  for (const path of [
    "/../bootstrap",
    "/..%2fbootstrap",
    "/%2e%2e/bootstrap",
    "/assets/../../bootstrap",
    "/assets",
    "/index.html.br",
  ]) {
    const { status, text } = await raw(`/console${path}`);
    assert.equal(status, 404, `${path}: ${text}`);
    // By a function, and not by the gateway before it.
    assert.match(text, /There is nothing at this path|The console has no such file/, path);
  }
});

test("an upload is one file of one size under one name", async () => {
  const token = await login(await account(["writer"]));
  for (const file of ["../x.csv", "a/b.csv", "a\\b.csv", "..", ".x.csv", "x\u0000.csv", "x.exe", ""]) {
    const { status, body } = await call("POST", "/uploads", { token, body: { table: "jobs", file } });
    assert.equal(status, 400, `${JSON.stringify(file)}: ${JSON.stringify(body)}`);
  }
  const content = "id,job_name\n";
  const { status, body: upload } = await call("POST", "/uploads", {
    token,
    body: { table: "jobs", file: "bound.csv", bytes: content.length },
  });
  assert.equal(status, 201, JSON.stringify(upload));
  const put = (url, body) => fetch(url, { method: "PUT", headers: upload.headers, body }).then((answer) => answer.status);
  assert.equal(await put(upload.url, `${content}1,longer than was said\n`), 403);
  assert.equal(await put(upload.url.replace("bound.csv", "other.csv"), content), 403);
  assert.equal(await put(upload.url, content), 200);
  // Ten gigabytes come in parts, each bound as well.
  const { body: large } = await call("POST", "/uploads", { token, body: { table: "jobs", file: "large.csv", bytes: 10_000_000_000 } });
  assert.ok(large.parts.length > 1 && large.parts.length <= 1000, JSON.stringify(large).slice(0, 300));
  assert.equal(await put(large.parts[0].url, content), 403);
  const early = await call("POST", `/uploads/${large.id}/complete`, { token });
  assert.equal(early.status, 409, JSON.stringify(early.body));
  const stranger = await login(await account(["writer", "table:departments"]));
  assert.equal((await call("GET", `/uploads/${large.id}`, { token: stranger })).status, 403);
  const answer = await asScript("GET", `/loads?key=${encodeURIComponent(upload.key)}`);
  assert.equal(answer.status, 200);
});
