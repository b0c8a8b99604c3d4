import { describe, expect, it, vi } from "vitest";
import type { Operation } from "../../components/openapi";

vi.mock("../../session/store", () => ({ session: {} }));
const { pretty, rightOf } = await import("./try");

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

describe("rightOf", () => {
  const of = (method: string, path: string) => rightOf({ method, path } as Operation);
  it("is that of the door", () => {
    expect(of("GET", "/tables")).toBe("read");
    expect(of("PUT", "/tables/{table}/rows/{id}")).toBe("write");
    expect(of("DELETE", "/tables/{table}/rows/{id}")).toBe("operate");
    expect(of("POST", "/restores/{id}/undo")).toBe("operate");
    expect(of("GET", "/accounts")).toBe("operate");
    expect(of("POST", "/logout")).toBe("read");
    expect(of("GET", "/uploads/{id}")).toBe("write");
  });
});
