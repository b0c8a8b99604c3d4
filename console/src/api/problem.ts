import type { FieldError, Problem } from "./types";

/** An answer that is no success, or none at all; `message` says what happened and what to do. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  readonly requestId: string | null;

  constructor(problem: Problem, requestId: string | null = null) {
    super(problem.detail || problem.title);
    this.problem = problem;
    this.requestId = requestId;
  }

  get status(): number {
    return this.problem.status;
  }

  get title(): string {
    return this.problem.title;
  }

  /** The last word of the type: `pending-approval`. */
  get kind(): string {
    return this.problem.type.split(":").at(-1) ?? "";
  }

  get errors(): FieldError[] {
    return this.problem.errors ?? [];
  }
}

/** Returns the problem of a request that got no answer. */
export function unreachable(): ProblemError {
  return new ProblemError({
    type: "urn:rowgate:problem:unreachable",
    title: "Rowgate cannot be reached",
    status: 0,
    detail: "No answer came. Check the network connection, and try again.",
  });
}

const TITLES: Record<number, [string, string]> = {
  401: ["You are not signed in", "Sign in again."],
  403: ["Your account may not do this", "Ask an operator for the right to do it."],
  413: ["This is too large", "Send less at once."],
  429: ["Too many requests", "Wait a moment, and try again."],
  502: ["Rowgate did not answer", "Try again in a minute."],
  503: ["Rowgate is not available", "The database may be resuming. Try again in a minute."],
  504: ["Rowgate did not answer in time", "Try again in a minute."],
};

/** Reads the problem of an answer, whoever wrote it. */
export function problemOf(status: number, contentType: string | null, body: string): Problem {
  const [title, detail] = TITLES[status] ?? [`Rowgate answered ${status}`, "Try again; if it stays, tell an operator."];
  const fallback: Problem = { type: "about:blank", title, status, detail };
  if (!contentType?.includes("json")) {
    return fallback;
  }
  try {
    const read: unknown = JSON.parse(body);
    if (typeof read !== "object" || read === null) {
      return fallback;
    }
    const given = read as Partial<Problem>;
    return {
      ...fallback,
      ...(typeof given.type === "string" ? { type: given.type } : {}),
      ...(typeof given.title === "string" ? { title: given.title } : {}),
      ...(typeof given.detail === "string" ? { detail: given.detail } : {}),
      ...(Array.isArray(given.errors) ? { errors: given.errors } : {}),
    };
  } catch {
    return fallback;
  }
}
