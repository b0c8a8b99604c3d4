// The local cloud that the environment names, and its people.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const named = (name) => process.env[name] ?? assert.fail(`${name} is not set; source the cloud's env file first`);

/** The people's door, with its stage and without a slash at the end. */
export const PEOPLE = named("ROWGATE_PEOPLE_URL");
/** The scripts' door. */
export const SCRIPTS = named("ROWGATE_URL");
export const CONSOLE = named("ROWGATE_CONSOLE_URL");
export const OPERATOR = { username: named("ROWGATE_CONSOLE_USER"), password: named("ROWGATE_CONSOLE_PASSWORD") };

/**
 * Milliseconds that a load, a backup or a restore may take: other tests may keep the machine busy.
 */
export const PATIENCE = 120_000;
const BETWEEN_LOOKS = 250;

/**
 * Calls the people's door; `token` may be left out. Gives status, headers and body as JSON or text.
 */
export async function call(method, path, { token, body, headers = {}, door = PEOPLE } = {}) {
  const answer = await fetch(door + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const isJson = text !== "" && /json/.test(answer.headers.get("content-type") ?? "");
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

/** Calls as the script that holds the operator's key. */
export const asScript = (method, path, options = {}) =>
  call(method, path, { ...options, door: SCRIPTS, headers: { "x-api-key": named("ROWGATE_OPERATOR_KEY"), ...options.headers } });

/** Returns a name and a password that no other test has. */
export function newPerson() {
  return { username: `${randomUUID()}@people.example`, password: `Long-enough-${randomUUID()}` };
}

export async function login({ username, password }) {
  const { status, body } = await call("POST", "/login", { body: { username, password } });
  assert.equal(status, 200, JSON.stringify(body));
  return body.access_token;
}

/** An account with these groups, approved by the operator. */
export async function account(groups) {
  const person = newPerson();
  const { status } = await call("POST", "/register", { body: person });
  assert.equal(status, 202);
  const path = `/accounts/${encodeURIComponent(person.username)}/approve`;
  const approved = await call("POST", path, { token: await login(OPERATOR), body: { groups } });
  assert.equal(approved.status, 200, JSON.stringify(approved.body));
  return person;
}

/** Asks until there is an answer that is not undefined. */
export async function eventually(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) {
      return answer;
    }
    assert.ok(Date.now() < end, `${what} did not come in ${PATIENCE} ms`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
  }
}

/** A backup of these tables that has ended well. */
export async function backup(tables) {
  const { status, body } = await asScript("POST", "/backups", { body: { tables } });
  assert.equal(status, 202, JSON.stringify(body));
  return eventually("the backup", async () => {
    const { body: found } = await asScript("GET", `/backups/${body.backup}`);
    assert.notEqual(found.status, "failed", JSON.stringify(found));
    return found.status === "completed" ? body.backup : undefined;
  });
}
