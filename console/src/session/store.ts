// Who is signed in: the access token in memory, the refresh token in this tab's sessionStorage.

import { ProblemError } from "../api/problem";
import * as api from "../api/session";
import type { Me } from "../api/types";
import { forgetKept } from "../shell/kept";

const REFRESH = "rowgate.refresh";
const USERNAME = "rowgate.username";

export type SessionState =
  | { kind: "starting" }
  /** Nobody is signed in: the page shows the sign-in form alone. */
  | { kind: "out"; error?: Error; reason?: string }
  | { kind: "in"; me: Me }
  /** The session ended while somebody worked: a dialog asks to sign in, above the page as it is. */
  | { kind: "over"; me: Me };

/** The session of this tab. */
export class SessionStore {
  #access: string | null = null;
  #state: SessionState = { kind: "starting" };
  #listeners = new Set<() => void>();
  #renewing: Promise<void> | null = null;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): SessionState => this.#state;

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** Goes on with the session of this tab, if it has one. */
  async start(): Promise<void> {
    if (sessionStorage.getItem(REFRESH) === null) {
      this.#set({ kind: "out" });
      return;
    }
    try {
      await this.#refresh();
      this.#set({ kind: "in", me: await api.me() });
    } catch (error) {
      this.#set({ kind: "out", ...(isOver(error) ? {} : { error: error as Error }) });
    }
  }

  /** The access token; waits for one while the session is being renewed. */
  async token(): Promise<string | null> {
    if (this.#state.kind === "over") {
      await this.#signedInAgain();
    }
    return this.#access;
  }

  /** Takes a new token in place of `expired`; where the session is over, waits until the person has signed in. */
  async renew(expired: string | null): Promise<void> {
    if (this.#access !== null && this.#access !== expired) {
      return;
    }
    this.#renewing ??= this.#refresh().finally(() => {
      this.#renewing = null;
    });
    try {
      await this.#renewing;
    } catch (error) {
      if (!isOver(error)) {
        throw error;
      }
      if (this.#state.kind === "in") {
        this.#set({ kind: "over", me: this.#state.me });
      }
      if (this.#state.kind !== "over") {
        throw error;
      }
      await this.#signedInAgain();
    }
  }

  #signedInAgain(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async #refresh(): Promise<void> {
    const refreshToken = sessionStorage.getItem(REFRESH);
    if (refreshToken === null) {
      throw over();
    }
    const tokens = await api.refresh(refreshToken);
    this.#access = tokens.access_token;
    if (tokens.refresh_token) {
      sessionStorage.setItem(REFRESH, tokens.refresh_token);
    }
  }

  async signIn(username: string, password: string): Promise<void> {
    const tokens = await api.login(username, password);
    const before = this.#state.kind === "over" ? this.#state.me : null;
    this.#access = tokens.access_token;
    sessionStorage.setItem(REFRESH, tokens.refresh_token);
    sessionStorage.setItem(USERNAME, username);
    // From here on requests carry the new token, also this one.
    this.#state = before ? { kind: "in", me: before } : this.#state;
    const me = await api.me();
    this.#set({ kind: "in", me });
    if (before && before.username !== me.username) {
      forgetKept();
    }
    const waiting = this.#waiting.splice(0);
    for (const { resolve, reject } of waiting) {
      // Nothing of one person's page goes on in another's name.
      before && before.username !== me.username ? reject(over()) : resolve();
    }
  }

  async signOut(): Promise<void> {
    try {
      await api.logout();
    } catch (error) {
      if (!isOver(error)) {
        throw error;
      }
    }
    this.leave();
  }

  /** Forgets the session in this tab, whatever the API thinks of it. */
  leave(reason?: string): void {
    this.#access = null;
    sessionStorage.removeItem(REFRESH);
    forgetKept();
    for (const { reject } of this.#waiting.splice(0)) {
      reject(over());
    }
    this.#set({ kind: "out", ...(reason ? { reason } : {}) });
  }

  /** The name that signed in last in this tab. */
  lastUsername(): string {
    return sessionStorage.getItem(USERNAME) ?? "";
  }
}

function isOver(error: unknown): boolean {
  return error instanceof ProblemError && (error.status === 401 || error.kind === "session-over");
}

function over(): ProblemError {
  return new ProblemError({
    type: "urn:rowgate:problem:session-over",
    title: "The session is over",
    status: 401,
    detail: "Sign in again.",
  });
}

export const session = new SessionStore();
