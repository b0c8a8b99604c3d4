// Sends a call that a person has filled in, with their own token, and shows any answer as it is.

import { once } from "../../api/client";
import type { Call } from "./openapi";
import { session } from "../../session/store";

export interface Shown {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly milliseconds: number;
}

/** Longer answers are cut where they are shown. */
export const MOST_SHOWN = 100_000;

/** Sends it; every status is an answer. A token that has run out is renewed once. */
export async function tryCall({ url, ...request }: Call): Promise<Shown> {
  const token = await session.token();
  const started = performance.now();
  let response = await once(url, request, token);
  if (response.status === 401) {
    await session.renew(token);
    response = await once(url, request, await session.token());
  }
  const text = await response.text();
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    body: pretty(text),
    milliseconds: Math.round(performance.now() - started),
  };
}

/** Indents JSON without reading its numbers, which may have more digits than JavaScript keeps. */
export function pretty(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  let out = "";
  for (const token of text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []) {
    if (token === "{" || token === "[") {
      depth += 1;
      out += `${token}\n${"  ".repeat(depth)}`;
    } else if (token === "}" || token === "]") {
      depth -= 1;
      out = /[{[]\s*$/.test(out) ? out.trimEnd() + token : `${out}\n${"  ".repeat(depth)}${token}`;
    } else if (token === ",") {
      out += `,\n${"  ".repeat(depth)}`;
    } else {
      out += token === ":" ? ": " : token;
    }
  }
  return out;
}
