import { createContext, useContext, useMemo, useSyncExternalStore, type ReactNode } from "react";
import type { Me, Right } from "../api/types";
import { type SessionState, session } from "./store";

const RIGHTS: Record<Right, string[]> = {
  read: ["reader", "writer", "operator"],
  write: ["writer", "operator"],
  operate: ["operator"],
};

export interface Session {
  me: Me;
  /** Returns true if the account has the right; controls that need another one are not rendered. */
  can: (right: Right) => boolean;
}

/** Returns true if an account with these groups has the right. */
export function may(groups: string[], right: Right): boolean {
  return RIGHTS[right].some((group) => groups.includes(group));
}

const Context = createContext<Session | null>(null);

export function SessionProvider({ me, children }: { me: Me; children: ReactNode }) {
  const value = useMemo<Session>(() => ({ me, can: (right) => may(me.groups, right) }), [me]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

/** The account that is signed in. */
export function useSession(): Session {
  const session = useContext(Context);
  if (session === null) {
    throw new Error("useSession is called outside of SessionProvider");
  }
  return session;
}

export function useSessionState(): SessionState {
  return useSyncExternalStore(session.subscribe, session.state);
}
