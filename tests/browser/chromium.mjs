// A headless Chromium and one page of it, over the DevTools protocol
// (https://chromedevtools.github.io/devtools-protocol/), spoken through a pipe, so that no package
// is needed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Milliseconds that anything may take: the machine may be busy with other tests.
const PATIENCE = 60_000;
const BETWEEN_LOOKS = 50;

const FLAGS = [
  "--headless=new",
  "--remote-debugging-pipe",
  // Its own sandbox needs rights that root and containers do not give; nothing but Rowgate's page
  // is opened.
  "--no-sandbox",
  "--disable-gpu",
  // Containers have little shared memory.
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--no-default-browser-check",
  "--no-first-run",
  "--window-size=1280,2000",
];

export class Chromium {
  #calls = new Map();
  #count = 0;
  #folder;
  #process;
  #session;
  #hear;
  #words = "";

  // Starts a browser with one empty page; `hear(method, parameters)` gets what the page reports.
  static async start(program, hear) {
    const browser = new Chromium();
    browser.#hear = hear;
    browser.#folder = await mkdtemp(join(tmpdir(), "rowgate-browser-"));
    browser.#process = spawn(program, [...FLAGS, `--user-data-dir=${browser.#folder}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      env: { ...process.env, HOME: browser.#folder },
    });
    browser.#listen();
    try {
      const { targetInfos } = await browser.#send("Target.getTargets");
      const page = targetInfos.find((target) => target.type === "page");
      const { targetId } = page ?? (await browser.#send("Target.createTarget", { url: "about:blank" }));
      browser.#session = (await browser.#send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
      for (const domain of ["Page", "Runtime", "Log", "Network", "Audits"]) {
        await browser.send(`${domain}.enable`);
      }
      // Fields tell that they are left only in a window that has the focus.
      await browser.send("Emulation.setFocusEmulationEnabled", { enabled: true });
      return browser;
    } catch (error) {
      await browser.end();
      throw error;
    }
  }

  #listen() {
    const [, , errors, commands, answers] = this.#process.stdio;
    errors.setEncoding("utf8").on("data", (text) => (this.#words = (this.#words + text).slice(-2000)));
    // The end of the process is reported once, below.
    commands.on("error", () => {});
    let rest = "";
    answers.setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop();
      messages.forEach((message) => this.#take(JSON.parse(message)));
    });
    const over = (why) => {
      for (const { reject } of this.#calls.values()) {
        reject(new Error(`the browser is gone (${why}): ${this.#words}`));
      }
      this.#calls.clear();
    };
    this.#process.on("error", over).on("exit", (code, signal) => over(code ?? signal));
  }

  #take({ id, error, result, method, params }) {
    if (id === undefined) {
      this.#hear(method, params);
      return;
    }
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) {
      call?.reject(new Error(error.message));
    } else {
      call?.resolve(result);
    }
  }

  #send(method, params = {}, sessionId = undefined) {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        reject(new Error(`no answer to ${method} within ${PATIENCE} ms: ${this.#words}`));
      }, PATIENCE);
      const settled = (then) => (value) => {
        clearTimeout(timer);
        then(value);
      };
      this.#calls.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  // Sends a command to the page.
  send(method, params) {
    return this.#send(method, params, this.#session);
  }

  // Runs a function in the page; its arguments and its result are JSON.
  async run(script, ...values) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression: `(${script})(...${JSON.stringify(values)})`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  // Runs a function in the page until it returns something; `what` names what is awaited.
  async until(what, script, ...values) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const value = await this.run(script, ...values);
      if (value) {
        return value;
      }
      if (Date.now() > end) {
        throw new Error(`${what}: not within ${PATIENCE} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
    }
  }

  // Clicks on an element once it can be seen. Within one turn of the page, so that nothing can move
  // in between.
  click(selector) {
    return this.until(`${selector} to click on`, clickOn, selector);
  }

  // Replaces the text of a field, and leaves the field.
  type(selector, text) {
    return this.until(`${selector} to type into`, typeInto, selector, text);
  }

  // The page as a PNG file in base64.
  async picture() {
    return (await this.send("Page.captureScreenshot", { format: "png" })).data;
  }

  // Asks the browser to end, for then it removes its own files, and waits until it has.
  async end() {
    if (this.#process.pid && this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = once(this.#process, "close");
      const timer = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
      await this.#send("Browser.close").catch(() => {});
      await gone;
      clearTimeout(timer);
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

// In the page: whether the element was there, on top, and has been clicked on.
function clickOn(selector) {
  const element = document.querySelector(selector);
  element?.scrollIntoView({ block: "center", behavior: "instant" });
  const { x, y, width, height } = element?.getBoundingClientRect() ?? {};
  if (!width || !height || element.disabled) {
    return false;
  }
  if (!element.contains(document.elementFromPoint(x + width / 2, y + height / 2))) {
    return false;
  }
  element.click();
  return true;
}

// In the page: whether the field was there and took the text, as the editing of a user would put
// it.
function typeInto(selector, text) {
  const field = document.querySelector(selector);
  if (!field || field.disabled) {
    return false;
  }
  field.focus();
  field.select();
  document.execCommand("insertText", false, text);
  field.blur();
  return field.value === text;
}
