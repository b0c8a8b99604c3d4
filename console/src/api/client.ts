// The one way to the API: adds the token, renews it once where it has run out, and turns every
// failure into a ProblemError.

import { session } from "../session/store";
import { parseJson } from "./json";
import { ProblemError, problemOf, unreachable } from "./problem";

export { ProblemError, unreachable } from "./problem";

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /**
   * False: without the token (`/login`); a text: with this one. A 401 is then a failure like
   * others.
   */
  token?: false | string;
  /** Statuses that are answers with a body of their own unless they are problem+json. */
  answers?: number[];
}

/** Returns the address of a path of the API: the page is at `<door>/console`. */
export function apiUrl(path: string, query: Query = {}): string {
  const url = new URL(path.replace(/^\//, ""), new URL(".", window.location.href.replace(/[?#].*$/, "")));
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") {
      url.searchParams.set(name, String(value));
    }
  }
  return url.href;
}

/** Sends a request and returns its answer, whose status is a success. */
export async function send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const own = options.token === undefined;
  for (let attempt = 0; ; attempt++) {
    const token = own ? await session.token() : options.token || null;
    const body = options.body === undefined ? null : JSON.stringify(options.body);
    const headers = { ...options.headers, ...(body === null ? {} : { "content-type": "application/json" }) };
    const response = await once(apiUrl(path, options.query), { method, headers, body, signal: options.signal }, token);
    const type = response.headers.get("content-type");
    if (response.ok || (options.answers?.includes(response.status) && !type?.includes("problem"))) {
      return response;
    }
    if (own && response.status === 401 && attempt < 2) {
      // Waits for a new token, if need be until the person has signed in again; then the request
      // continues.
      await session.renew(token);
      continue;
    }
    const problem = problemOf(response.status, type, await response.text());
    throw new ProblemError(problem, response.headers.get("x-request-id"));
  }
}

interface Once {
  method: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | null;
  signal?: AbortSignal;
}

/** Sends a request as it is, once, and returns any answer. */
export async function once(
  url: string,
  { method, headers, body = null, signal }: Once,
  token: string | null,
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
      signal: signal ?? null,
      credentials: "omit",
      cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw unreachable();
  }
}

/** Sends a request and reads its JSON. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  return (text === "" ? null : parseJson(text)) as T;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>("GET", path, { query, signal });

export const post = <T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> =>
  request<T>("POST", path, { ...options, body });
