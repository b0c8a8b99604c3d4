import { describe, expect, it, vi } from "vitest";

const session = { token: vi.fn(), renew: vi.fn() };
vi.mock("../../session/store", () => ({ session }));
const { pretty, tryCall } = await import("./try");

describe("tryCall", () => {
  const call = { method: "POST", url: "https://door/v1/tables", headers: { prefer: "tx=dry-run" }, body: "[]" };

  it("shows any answer, and renews a token once", async () => {
    session.token.mockResolvedValueOnce("a").mockResolvedValue("b");
    const fetched = vi
      .fn()
      .mockResolvedValueOnce(new Response("", { status: 401 }))
      .mockResolvedValue(new Response("{}", { status: 422, headers: { "x-request-id": "r" } }));
    vi.stubGlobal("fetch", fetched);
    const shown = await tryCall(call);
    expect(shown).toMatchObject({ status: 422, body: "{}" });
    expect(session.renew).toHaveBeenCalledWith("a");
    expect(fetched).toHaveBeenLastCalledWith(
      call.url,
      expect.objectContaining({
        method: "POST",
        headers: { accept: "application/json", prefer: "tx=dry-run", authorization: "Bearer b" },
        body: "[]",
      }),
    );
  });

  it("says in words that no answer came", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));
    await expect(tryCall(call)).rejects.toMatchObject({ kind: "unreachable" });
  });
});

describe("pretty", () => {
  it("indents JSON and keeps every digit", () => {
    const text = '{"a":9223372036854775807,"b":[1.50,{"c":"x, {y}: \\"z\\""}],"d":[],"e":{}}';
    const shown = pretty(text);
    expect(shown).toContain('"a": 9223372036854775807');
    expect(shown).toContain("1.50");
    expect(shown).toContain('"d": []');
    expect(JSON.parse(shown)).toEqual(JSON.parse(text));
  });

  it("leaves what is no JSON", () => {
    expect(pretty("a,b\n1,2")).toBe("a,b\n1,2");
  });
});
