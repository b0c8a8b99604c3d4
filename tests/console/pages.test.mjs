// Every page in both themes, on a telephone and on a wide screen: nothing for axe to find, nothing cut off, nothing that the
// content security policy forbids, no request to another host; and the first page's weight.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";

import { accessible, close, fits, open, picture, settled, signIn, SIZES, THEMES, visit, walk } from "./support/browser.mjs";
import { account, asScript, call, CONSOLE, login, OPERATOR, PEOPLE } from "./support/cloud.mjs";

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

walk("the first page is light, packed and kept", async () => {
  const page = await visit();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  let bytes = 0;
  for (const url of new Set(page.requests)) {
    const answer = await fetch(url, { headers: { "accept-encoding": "br" } });
    // What fetch unpacks it measures unpacked; the header says what came.
    bytes += Number(answer.headers.get("content-length"));
    assert.equal(answer.status, 200, url);
    const isPage = url.split("#")[0] === CONSOLE;
    assert.match(answer.headers.get("cache-control"), isPage ? /no-cache/ : /max-age=31536000, immutable/, url);
    if (/\.(js|css)$/.test(url) || isPage) {
      assert.equal(answer.headers.get("content-encoding"), "br", url);
    }
  }
  assert.ok(bytes > 0 && bytes <= FIRST_PAGE_LIMIT, `the first page weighs ${bytes} bytes`);
  console.log(`the first page: ${page.requests.length} requests, ${bytes} bytes`);
});

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

walk("a reader sees no button for what only others may, and is refused when calling anyway", async () => {
  const reader = await account(["reader", "table:departments"]);
  const page = await visit({ hash: "#/tables" });
  await signIn(page, reader);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await settled(page);
  assert.deepEqual(await page.getByRole("navigation").getByRole("link").allInnerTexts().then((all) => all.filter((text) => ["Upload", "Accounts"].includes(text))), []);
  for (const name of [/Add a row/, /Delete/, /Edit/, /Start/, /Restore/]) {
    for (const path of ["tables/departments", "backups"]) {
      await page.goto(`${CONSOLE}#/${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await settled(page);
      assert.equal(await page.getByRole("button", { name }).count(), 0, `${name} on ${path}`);
    }
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

walk("a session that ends asks to sign in and goes on where it was", async () => {
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
  // Where the page asks for something by itself, the dialog is above the button already.
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
  // What a form of another site can send: no header of its own, so no token.
  const forged = await fetch(`${PEOPLE}/tables/departments/rows`, {
    method: "POST",
    headers: { origin: "https://elsewhere.example", "content-type": "text/plain" },
    body: '[{"id":1,"department_name":"x"}]',
  });
  assert.equal(forged.status, 401);
  assert.equal(forged.headers.get("access-control-allow-origin"), null);
});

test("paths that lead out of the page's folder lead nowhere", async () => {
  for (const path of ["/../bootstrap", "/..%2fbootstrap", "/%2e%2e/bootstrap", "/assets/../../bootstrap", "/assets", "/index.html.br"]) {
    const { status } = await call("GET", `/console${path}`);
    assert.ok([400, 401, 403, 404].includes(status), `${path}: ${status}`);
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
