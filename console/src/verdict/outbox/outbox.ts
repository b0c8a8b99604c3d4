// Files on their way: they continue on every page, and are stopped when the session's work is
// forgotten.

import { useSyncExternalStore } from "react";
import type { Upload, UploadRequest } from "../../api/types";
import { onForget } from "../../shell/storage";
import { loadsOf } from "../follow";
import { type Put, sendFile } from "./transfer";

export interface Outgoing {
  file: Blob;
  sent: number;
  /** Why it was not sent; null while it is on its way. */
  error: Error | null;
}

export interface Task {
  file: Blob;
  request: UploadRequest;
  /** The id of an upload in parts to resume. */
  resume?: string | null;
  /** Called once the upload has a key; `before` are the loads that the key has had. */
  onStarted: (upload: Upload, before: string[]) => void;
  onArrived: () => void;
  /** Called when it has failed or was stopped. */
  onEnded?: () => void;
  /** For tests. */
  put?: Put;
}

/** The uploads of this tab, by a name that their page gives them. */
export class Outbox {
  #outgoing = new Map<string, Outgoing>();
  #running = new Map<string, AbortController>();
  #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get(name: string): Outgoing | null {
    return this.#outgoing.get(name) ?? null;
  }

  #set(name: string, outgoing: Outgoing | null): void {
    if (outgoing === null) {
      this.#outgoing.delete(name);
    } else {
      this.#outgoing.set(name, outgoing);
    }
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** Sends a file; does nothing where one of the name is on its way. */
  async send(name: string, { file, request, resume, onStarted, onArrived, onEnded, put }: Task): Promise<void> {
    if (this.#running.has(name)) {
      return;
    }
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(name, controller);
    this.#guard();
    this.#set(name, { file, sent: 0, error: null });
    // False if the work was forgotten: then the upload's result is ignored.
    const ours = () => this.#running.get(name) === controller;
    const sending = {
      signal,
      put,
      onProgress: (sent: number) => ours() && this.#set(name, { file, sent, error: null }),
      onStarted: async (upload: Upload) => {
        signal.throwIfAborted();
        const before = await loadsOf(upload.key);
        signal.throwIfAborted();
        onStarted(upload, before);
      },
    };
    try {
      await sendFile(file, request, sending, resume);
      if (ours()) {
        onArrived();
        this.#end(name, null);
      }
    } catch (error) {
      if (ours()) {
        onEnded?.();
        this.#end(name, signal.aborted ? null : { file, sent: 0, error: error as Error });
      }
    }
  }

  #end(name: string, outgoing: Outgoing | null): void {
    this.#running.delete(name);
    this.#guard();
    this.#set(name, outgoing);
  }

  stop(name: string): void {
    this.#running.get(name)?.abort();
  }

  /** Forgets that an upload has failed. */
  dismiss(name: string): void {
    if (!this.#running.has(name)) {
      this.#set(name, null);
    }
  }

  /** Stops all uploads, without any notice. */
  forget(): void {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const controller of running) {
      controller.abort();
    }
    this.#guard();
    for (const name of [...this.#outgoing.keys()]) {
      this.#set(name, null);
    }
  }

  /** Asks before the tab is closed while something is on its way. */
  #guard(): void {
    if (this.#running.size > 0) {
      window.addEventListener("beforeunload", stay);
    } else {
      window.removeEventListener("beforeunload", stay);
    }
  }
}

const stay = (event: BeforeUnloadEvent) => event.preventDefault();

export const outbox = new Outbox();

onForget(() => outbox.forget());

/** Returns the upload under a name that is on its way, or has failed. */
export function useOutgoing(name: string): Outgoing | null {
  return useSyncExternalStore(outbox.subscribe, () => outbox.get(name));
}
