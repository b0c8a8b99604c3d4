import { describe, expect, it } from "vitest";

import { byTag, call, curl, example, type Operation, operations, schemaLines, shellWord, typeName } from "./openapi";

const DOCUMENT = {
  paths: {
    "/tables/{table}/rows": {
      parameters: [{ $ref: "#/components/parameters/table" }],
      get: {
        "x-rowgate-right": "reader",
        operationId: "listRows",
        tags: ["Rows"],
        summary: "List rows",
        parameters: [{ name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 1000 } }],
        responses: {
          "200": {
            description: "The rows.",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Page" } } },
          },
        },
      },
      post: {
        "x-rowgate-right": "writer",
        tags: ["Rows"],
        requestBody: {
          required: true,
          content: { "application/json": { schema: { $ref: "#/components/schemas/Row" } } },
        },
        responses: {},
      },
      delete: { "x-rowgate-right": "operator", tags: ["Rows"], responses: {} },
      patch: { "x-rowgate-right": "owner", tags: ["Rows"], responses: {} },
    },
    "/accounts/me": { get: { "x-rowgate-right": "account", tags: ["Accounts"], responses: {} } },
    "/status": { get: { responses: {} } },
  },
  components: {
    parameters: { table: { name: "table", in: "path", required: true, schema: { enum: ["jobs", "employees"] } } },
    schemas: {
      Row: {
        type: "object",
        required: ["id"],
        properties: {
          id: { type: "integer" },
          name: { type: ["string", "null"], maxLength: 9, description: "Its name." },
        },
      },
      Page: { type: "object", properties: { rows: { type: "array", items: { $ref: "#/components/schemas/Row" } } } },
    },
  },
};

describe("operations", () => {
  const found = operations(DOCUMENT);

  it("has the parameters of the path and of the method", () => {
    expect(found.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /tables/{table}/rows",
      "POST /tables/{table}/rows",
      "PATCH /tables/{table}/rows",
      "DELETE /tables/{table}/rows",
      "GET /accounts/me",
      "GET /status",
    ]);
    expect(found[0]?.parameters.map(({ name, in: place, required }) => [name, place, required])).toEqual([
      ["table", "path", true],
      ["limit", "query", false],
    ]);
  });

  it("says which right each asks for: the operator's, where the document names an unknown one", () => {
    expect(found.map(({ right }) => right)).toEqual(["read", "write", "operate", "operate", "read", "read"]);
  });

  it("groups by tag", () => {
    expect([...byTag(found).keys()]).toEqual(["Rows", "Accounts", "Other"]);
  });
});

describe("schemas", () => {
  it("are named in a few words", () => {
    expect(typeName(DOCUMENT, { type: "integer", minimum: 1, maximum: 9 })).toBe("integer, 1 to 9");
    expect(typeName(DOCUMENT, { type: "array", items: { $ref: "#/components/schemas/Row" } })).toBe("list of Row");
    expect(typeName(DOCUMENT, { enum: ["a", null] })).toBe("a | null");
    expect(typeName(DOCUMENT, {})).toBe("anything");
  });

  it("are shown as lines", () => {
    expect(schemaLines(DOCUMENT, { $ref: "#/components/schemas/Page" })).toEqual([
      { depth: 0, name: "rows", type: "list of Row", required: false, description: "" },
      { depth: 1, name: "id", type: "integer", required: true, description: "" },
      {
        depth: 1,
        name: "name",
        type: "string or null, at most 9 characters",
        required: false,
        description: "Its name.",
      },
    ]);
  });

  it("are shown one after the other, where there are several", () => {
    const one = (name: string) => ({ type: "object", properties: { [name]: { type: "string" } } });
    const document = { a: one("x"), b: one("y") };
    const lines = schemaLines(document, { oneOf: [{ $ref: "#/a" }, { $ref: "#/b" }, { type: "null" }] });
    expect(lines.map(({ depth, name }) => `${depth} ${name}`)).toEqual(["0 a", "1 x", "0 b", "1 y"]);
  });

  it("end where they refer to themselves", () => {
    const circle = { a: { type: "object", properties: { a: { $ref: "#/a" } } } };
    expect(schemaLines(circle, { $ref: "#/a" }).length).toBeLessThan(10);
    expect(example(circle, { $ref: "#/a" })).toBeTypeOf("object");
  });

  it("have an example to begin with", () => {
    expect(example(DOCUMENT, { $ref: "#/components/schemas/Row" })).toEqual({ id: 1, name: "" });
  });
});

describe("calls", () => {
  const [get, post] = operations(DOCUMENT) as [Operation, Operation];

  it("put values where they belong, encoded", () => {
    expect(call("https://h/v1/", get, { "path:table": "a/b", "query:limit": "5" }, "")).toEqual({
      method: "GET",
      url: "https://h/v1/tables/a%2Fb/rows?limit=5",
      headers: {},
      body: null,
    });
  });

  it("are commands without the token", () => {
    const made = curl(call("https://h/v1", post, { "path:table": "jobs" }, `{"name": "Ann's"}`));
    expect(made).toBe(
      `curl -X POST https://h/v1/tables/jobs/rows \\\n  -H "authorization: Bearer $ROWGATE_TOKEN" \\\n` +
        `  -H 'content-type: application/json' \\\n  -d '{"name": "Ann'\\''s"}'`,
    );
  });

  it("quote what a shell would read", () => {
    expect(shellWord("$(rm -rf /)")).toBe("'$(rm -rf /)'");
  });
});
