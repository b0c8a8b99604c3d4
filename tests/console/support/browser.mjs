// A headless Chromium with the console open.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { chromium } from "playwright-core";

import { CONSOLE, PATIENCE } from "./cloud.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** The folder of pictures; none are made if it is not set. */
const PICTURES = process.env.ROWGATE_PICTURES;

export const THEMES = ["light", "dark"];
export const SIZES = { narrow: { width: 360, height: 780 }, wide: { width: 1440, height: 900 } };

const BETWEEN_LOOKS = 100;
const QUIET_LOOKS = 4;

let browser;
const pages = new Set();

export async function open() {
  browser ??= await chromium.launch({
    executablePath: execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim(),
    // Its own sandbox needs rights that root and containers do not give; nothing but Rowgate's page
    // is opened.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  return browser;
}

/** A test after which no page is open. If it fails, pictures of its open pages are left. */
export function walk(name, steps) {
  test(name, async () => {
    try {
      await steps();
    } catch (error) {
      for (const [index, page] of [...pages].entries()) {
        await picture(page, `failed-${name.replaceAll(/\W+/g, "-").slice(0, 40)}-${index}`).catch(() => {});
      }
      throw error;
    } finally {
      await Promise.all([...pages].map((page) => page.context().close()));
    }
  });
}

export async function close() {
  await browser?.close();
  browser = undefined;
}

/**
 * A page of its own session, with the console open. Its `complaints` are what the page's scripts
 * and its content security policy reported; its `requests` are all that it asked for.
 */
export async function visit({ theme = "light", size = "wide", hash = "" } = {}) {
  const context = await (await open()).newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    reducedMotion: "reduce",
    acceptDownloads: true,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  pages.add(page);
  page.on("close", () => pages.delete(page));
  page.setDefaultTimeout(PATIENCE);
  page.complaints = [];
  page.requests = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused call is the browser's own line; tests look at the answers themselves.
    const isRefusal = /^Failed to load resource: the server responded with a status of 4/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isRefusal) {
      page.complaints.push(message.text());
    }
  });
  page.underWay = 0;
  page.on("request", (request) => {
    page.requests.push(request.url());
    page.underWay += 1;
  });
  for (const end of ["requestfinished", "requestfailed"]) {
    page.on(end, () => {
      page.underWay -= 1;
    });
  }
  await page.goto(CONSOLE + hash);
  return page;
}

/** Waits until the page has had no pending work for a while, so that it shows all data. */
export async function settled(page) {
  const end = Date.now() + PATIENCE;
  for (let quiet = 0; quiet < QUIET_LOOKS; quiet = page.underWay === 0 ? quiet + 1 : 0) {
    assert.ok(Date.now() < end, "the page goes on asking");
    await page.waitForTimeout(BETWEEN_LOOKS);
  }
}

export async function signIn(page, { username, password }) {
  await page.getByLabel("E-mail address").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("navigation").first().waitFor({ state: "attached" });
}

/** Asserts that axe finds nothing, with every rule of WCAG 2.2 A and AA, and of good practice. */
export async function accessible(page, what) {
  // As an extension would: the page's own policy allows no script that is not its own.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" | ")}`);
  assert.deepEqual(found, [], what);
}

/** Asserts that nothing is cut off or has to be scrolled to sideways. */
export async function fits(page, what) {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  assert.ok(scroll <= client, `${what} is ${scroll} pixels wide in a window of ${client}`);
}

export async function picture(page, name) {
  if (PICTURES) {
    await mkdir(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }
}
