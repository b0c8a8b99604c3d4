import { beforeEach, describe, expect, it, vi } from "vitest";
import { ProblemError } from "../api/problem";
import * as api from "../api/session";
import { stubStorage } from "../testing/storage";
import { SessionStore } from "./store";

vi.mock("../api/session");

const tokens = (name: string) => ({
  access_token: name,
  token_type: "Bearer" as const,
  expires_in: 300,
  refresh_token: `refresh-${name}`,
});
const problem = (status: number, kind: string) =>
  new ProblemError({ type: `urn:rowgate:problem:${kind}`, title: kind, status, detail: kind });
const me = (username: string) => ({ username, groups: ["writer"], tables: [] });

let stored: Map<string, string>;

beforeEach(() => {
  vi.resetAllMocks();
  stored = stubStorage("sessionStorage").values;
  vi.mocked(api.me).mockResolvedValue(me("ann@example.com"));
  vi.mocked(api.login).mockResolvedValue(tokens("a"));
});

const signedIn = async () => {
  const store = new SessionStore();
  await store.signIn("ann@example.com", "pw");
  return store;
};

describe("a session", () => {
  it("continues after a reload of the page", async () => {
    stored.set("rowgate.refresh", "r");
    vi.mocked(api.refresh).mockResolvedValue(tokens("b"));
    const store = new SessionStore();
    await store.start();
    expect(store.state()).toEqual({ kind: "in", me: me("ann@example.com") });
    expect(await store.token()).toBe("b");
    expect(stored.get("rowgate.refresh")).toBe("refresh-b");
  });

  it("keeps the access token out of the storage", async () => {
    await signedIn();
    expect([...stored.values()]).not.toContain("a");
  });

  it("renews a token once, however many ask", async () => {
    const store = await signedIn();
    vi.mocked(api.refresh).mockResolvedValue(tokens("b"));
    await Promise.all([store.renew("a"), store.renew("a"), store.renew("a")]);
    await store.renew("a");
    expect(api.refresh).toHaveBeenCalledOnce();
    expect(await store.token()).toBe("b");
  });

  it("waits where it has ended, and continues with whoever signs in again", async () => {
    const store = await signedIn();
    vi.mocked(api.refresh).mockRejectedValue(problem(401, "session-over"));
    const renewed = store.renew("a");
    const asked = vi.waitFor(() => expect(store.state().kind).toBe("over"));
    await asked;
    const token = store.token();
    vi.mocked(api.login).mockResolvedValue(tokens("c"));
    await store.signIn("ann@example.com", "pw");
    await renewed;
    expect(await token).toBe("c");
    expect(store.state().kind).toBe("in");
  });

  it("carries nothing on in another's name", async () => {
    const store = await signedIn();
    stored.set("rowgate.draft.upload", "{}");
    vi.mocked(api.refresh).mockRejectedValue(problem(401, "session-over"));
    const renewed = expect(store.renew("a")).rejects.toMatchObject({ kind: "session-over" });
    await vi.waitFor(() => expect(store.state().kind).toBe("over"));
    vi.mocked(api.me).mockResolvedValue(me("bo@example.com"));
    await store.signIn("bo@example.com", "pw");
    await renewed;
    expect(stored.has("rowgate.draft.upload")).toBe(false);
  });

  it("leaves nothing of a session that ended before a reload to another", async () => {
    stored.set("rowgate.refresh", "r");
    stored.set("rowgate.username", "ann@example.com");
    stored.set("rowgate.draft.upload", "{}");
    vi.mocked(api.refresh).mockRejectedValue(problem(401, "session-over"));
    const store = new SessionStore();
    await store.start();
    expect(store.state()).toEqual({ kind: "out" });
    expect(stored.has("rowgate.refresh")).toBe(false);
    expect(stored.has("rowgate.draft.upload")).toBe(true);
    vi.mocked(api.me).mockResolvedValue(me("bo@example.com"));
    await store.signIn("bo@example.com", "pw");
    expect(stored.has("rowgate.draft.upload")).toBe(false);
    expect(stored.get("rowgate.refresh")).toBe("refresh-a");
  });

  it("gives the work of before a reload back to the same person", async () => {
    stored.set("rowgate.username", "ann@example.com");
    stored.set("rowgate.draft.upload", "{}");
    const store = new SessionStore();
    await store.start();
    await store.signIn("Ann@Example.com", "pw");
    expect(stored.has("rowgate.draft.upload")).toBe(true);
    expect(store.lastUsername()).toBe("ann@example.com");
  });

  it("stays as it is where nobody can be named", async () => {
    const store = await signedIn();
    vi.mocked(api.refresh).mockRejectedValue(problem(401, "session-over"));
    void store.renew("a").catch(() => {});
    await vi.waitFor(() => expect(store.state().kind).toBe("over"));
    vi.mocked(api.me).mockRejectedValue(problem(0, "unreachable"));
    await expect(store.signIn("bo@example.com", "pw")).rejects.toMatchObject({ kind: "unreachable" });
    expect(store.state()).toEqual({ kind: "over", me: me("ann@example.com") });
    expect(stored.get("rowgate.refresh")).toBe("refresh-a");
  });

  it("stays where the network is away", async () => {
    const store = await signedIn();
    vi.mocked(api.refresh).mockRejectedValue(problem(0, "unreachable"));
    await expect(store.renew("a")).rejects.toMatchObject({ kind: "unreachable" });
    expect(store.state().kind).toBe("in");
  });

  it("leaves nothing behind where somebody signs out", async () => {
    const store = await signedIn();
    stored.set("rowgate.draft.upload", "{}");
    stored.set("rowgate.list.employees", "#/tables/employees?value=Ann");
    stored.set("rowgate.before.r1", "{}");
    await store.signOut();
    expect(store.state().kind).toBe("out");
    expect([...stored.keys()]).toEqual(["rowgate.username"]);
    expect(await store.token()).toBeNull();
  });

  it("signs out with a new token where the one it has ran out", async () => {
    const store = await signedIn();
    vi.mocked(api.refresh).mockResolvedValue(tokens("b"));
    vi.mocked(api.logout).mockRejectedValueOnce(problem(401, "unauthorized")).mockResolvedValue(null);
    await store.signOut();
    expect(vi.mocked(api.logout).mock.calls).toEqual([["a"], ["b"]]);
    expect(store.state().kind).toBe("out");
  });

  it("asks nobody to sign in where it only has to end", async () => {
    const store = await signedIn();
    vi.mocked(api.logout).mockRejectedValue(problem(401, "unauthorized"));
    vi.mocked(api.refresh).mockRejectedValue(problem(401, "session-over"));
    await store.signOut();
    expect(store.state().kind).toBe("out");
  });

  it("takes no token of the session before", async () => {
    const store = await signedIn();
    let answer: (given: ReturnType<typeof tokens>) => void = () => {};
    vi.mocked(api.refresh).mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const renewed = store.renew("a");
    store.leave();
    answer(tokens("b"));
    await expect(renewed).rejects.toMatchObject({ kind: "session-over" });
    expect(await store.token()).toBeNull();
    expect(stored.has("rowgate.refresh")).toBe(false);
  });

  it("says until when a token holds that is used elsewhere", async () => {
    const store = await signedIn();
    vi.mocked(api.refresh).mockResolvedValue(tokens("b"));
    const { token, until } = await store.fresh();
    expect(token).toBe("b");
    expect(until.getTime()).toBeGreaterThan(Date.now() + 290_000);
  });
});
