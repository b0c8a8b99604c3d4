// The session: the access token in memory, the refresh token in this tab's sessionStorage.

import { ProblemError } from "../api/problem";
import * as api from "../api/session";
import type { Me, Tokens } from "../api/types";
import { clearStored, REFRESH, USERNAME } from "../shell/storage";

export type SessionState =
  | { kind: "starting" }
  /** Nobody is signed in: the page shows the sign-in form alone. */
  | { kind: "out"; error?: Error }
  | { kind: "in"; me: Me }
  /** The session ended while a person worked: a dialog asks to sign in, above the page as it is. */
  | { kind: "over"; me: Me };

/** An access token, and until when it holds. */
export interface Access {
  token: string;
  until: Date;
}

/** The session of this tab. */
export class SessionStore {
  #access: Access | null = null;
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

  /** Continues the session of this tab, if it has one. */
  async start(): Promise<void> {
    if (sessionStorage.getItem(REFRESH) === null) {
      this.#set({ kind: "out" });
      return;
    }
    try {
      const { token } = await this.#refresh();
      this.#set({ kind: "in", me: await api.me(token) });
    } catch (error) {
      if (isOver(error)) {
        // Kept work stays for the person to sign in again; `signIn` removes it for anybody else.
        sessionStorage.removeItem(REFRESH);
      }
      this.#set({ kind: "out", ...(isOver(error) ? {} : { error: error as Error }) });
    }
  }

  /** The access token; waits for one while the session is being renewed. */
  async token(): Promise<string | null> {
    if (this.#state.kind === "over") {
      await this.#signedInAgain();
    }
    return this.#access?.token ?? null;
  }

  /** A token that was just renewed, for use elsewhere. */
  async fresh(): Promise<Access> {
    await this.renew(this.#access?.token ?? null);
    if (this.#access === null) {
      throw over();
    }
    return this.#access;
  }

  /**
   * Takes a new token in place of `expired`; where the session is over, waits until the person has
   * signed in.
   */
  async renew(expired: string | null): Promise<void> {
    if (this.#access !== null && this.#access.token !== expired) {
      return;
    }
    this.#renewing ??= this.#refresh()
      .then(() => {})
      .finally(() => {
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

  async #refresh(): Promise<Access> {
    const refreshToken = sessionStorage.getItem(REFRESH);
    if (refreshToken === null) {
      throw over();
    }
    const tokens = await api.refresh(refreshToken);
    if (sessionStorage.getItem(REFRESH) !== refreshToken) {
      // Somebody has left or signed in meanwhile: the token is of a session that is no longer this
      // tab's.
      throw over();
    }
    return this.#take(tokens);
  }

  #take({ access_token, expires_in, refresh_token }: Tokens): Access {
    this.#access = { token: access_token, until: new Date(Date.now() + expires_in * 1000) };
    if (refresh_token) {
      sessionStorage.setItem(REFRESH, refresh_token);
    }
    return this.#access;
  }

  async signIn(username: string, password: string): Promise<void> {
    const tokens = await api.login(username, password);
    const me = await api.me(tokens.access_token);
    // No work of one person continues in another's name, even if a reload lies between the two.
    const same = sessionStorage.getItem(USERNAME) === me.username;
    if (!same) {
      clearStored();
    }
    this.#take(tokens);
    sessionStorage.setItem(USERNAME, me.username);
    const waiting = this.#waiting.splice(0);
    this.#set({ kind: "in", me });
    for (const { resolve, reject } of waiting) {
      same ? resolve() : reject(over());
    }
  }

  async signOut(): Promise<void> {
    try {
      await this.#logOut();
    } catch (error) {
      if (!isOver(error)) {
        throw error;
      }
    }
    this.leave();
  }

  /** Signs out with a valid token; without one the session is over already. */
  async #logOut(): Promise<void> {
    const { token } = this.#access ?? (await this.#refresh());
    try {
      await api.logout(token);
    } catch (error) {
      if (!isOver(error)) {
        throw error;
      }
      await api.logout((await this.#refresh()).token);
    }
  }

  /** Forgets the session in this tab, even if the API does not. */
  leave(): void {
    this.#access = null;
    sessionStorage.removeItem(REFRESH);
    clearStored();
    for (const { reject } of this.#waiting.splice(0)) {
      reject(over());
    }
    this.#set({ kind: "out" });
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
