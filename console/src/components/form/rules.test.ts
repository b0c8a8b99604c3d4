import { describe, expect, it } from "vitest";

import { columnType, draftOf, fault, faults, hint, joinTimestamp, rowOf, splitTimestamp } from "./rules";

const column = (type: string, more: object = {}) => ({
  name: "c",
  type,
  required: true,
  auto_increment: false,
  ...more,
});

describe("columnType", () => {
  it("reads types as the dictionary writes them", () => {
    expect(columnType("string(255)")).toEqual({ kind: "string", max: 255 });
    expect(columnType("decimal(10,2)")).toEqual({ kind: "decimal", precision: 10, scale: 2 });
    expect(columnType("timestamp")).toEqual({ kind: "timestamp", digits: 0 });
    expect(columnType("timestamp(3)")).toEqual({ kind: "timestamp", digits: 3 });
    expect(columnType("binary(16)")).toEqual({ kind: "binary", max: 16 });
  });
});

describe("fault", () => {
  it.each([
    ["integer", "2147483647"],
    ["integer", "-2147483648"],
    ["bigint", "9223372036854775807"],
    ["decimal(5,2)", "999.99"],
    ["decimal(5,2)", "00999.9900"],
    ["boolean", "true"],
    ["date", "2020-02-29"],
    ["timestamp", "2021-07-27T16:02:08Z"],
    ["timestamp", "2021-07-27 16:02:08"],
    ["timestamp", "2021-07-27T16:02:08.000+02:00"],
    ["string(3)", "äöü"],
    ["string(1)", "😀"],
  ])("takes a %s that is %s", (type, text) => {
    expect(fault(column(type), text)).toBeNull();
  });

  it.each([
    ["integer", "2147483648", "c must be between -2147483648 and 2147483647"],
    ["integer", "1.5", "c must be a whole number"],
    ["integer", "1e3", "c must be a whole number"],
    ["bigint", "9223372036854775808", "c must be between -9223372036854775808 and 9223372036854775807"],
    ["decimal(5,2)", "1000", "c must be a number with at most 3 digits before the point and 2 after it"],
    ["decimal(5,2)", "1.234", "c must be a number with at most 3 digits before the point and 2 after it"],
    ["decimal(5,2)", "1,5", "c must be a decimal number, without an exponent"],
    ["boolean", "yes", "c must be true or false"],
    ["date", "2021-02-29", "c must be a day that exists, written like 2021-07-27"],
    ["date", "0999-01-01", "c must be a day that exists, written like 2021-07-27"],
    ["timestamp", "2021-07-27", "c must be a moment in UTC that exists, written like 2021-07-27T16:02:08Z"],
    ["timestamp", "2021-07-27T24:00:00Z", "c must be a moment in UTC that exists, written like 2021-07-27T16:02:08Z"],
    ["string(3)", "four", "c has 4 characters, at most 3 are allowed"],
    ["string(3)", "  ", "c is required"],
  ])("refuses a %s that is %s", (type, text, message) => {
    expect(fault(column(type), text)).toBe(message);
  });

  it("wants a key as the service does, and not 0 where the database numbers rows", () => {
    const key = column("integer", { auto_increment: true });
    expect(fault(key, "")).toBe("c is required");
    expect(fault(key, "0")).toMatch(/must not be 0/);
  });

  it("takes no value where none is required", () => {
    expect(fault(column("date", { required: false }), "")).toBeNull();
  });
});

describe("faults", () => {
  it("reports every column", () => {
    const columns = [column("integer", { name: "a" }), column("date", { name: "b" })];
    expect(Object.keys(faults(columns, { a: "x", b: "" }))).toEqual(["a", "b"]);
  });
});

describe("rowOf", () => {
  const columns = [
    column("bigint", { name: "id" }),
    column("string(9)", { name: "name" }),
    column("boolean", { name: "ok" }),
  ];
  const json = (draft: Record<string, string>) => JSON.parse(JSON.stringify(rowOf(columns, draft))) as unknown;

  it("leaves empty fields out, and writes numbers as JSON has them", () => {
    expect(json({ id: "-007", name: "1", ok: "" })).toEqual({ id: -7, name: "1" });
    expect(json({ id: "0", name: "a", ok: "true" })).toEqual({ id: 0, name: "a", ok: true });
  });

  it("makes no other number of one that JavaScript cannot hold", () => {
    expect(JSON.stringify(rowOf(columns, { id: "9223372036854775807" }))).toMatch(/^{"id":"?9223372036854775807"?}$/);
  });

  it("sends what is no number as text, for the service to refuse", () => {
    expect(json({ id: "x", name: "1", ok: "maybe" })).toEqual({ id: "x", name: "1", ok: "maybe" });
  });
});

describe("draftOf", () => {
  it("has an empty text for no value", () => {
    expect(draftOf([column("integer", { name: "a" }), column("date", { name: "b" })], { a: 1, b: null })).toEqual({
      a: "1",
      b: "",
    });
  });
});

describe("timestamps in two fields", () => {
  it.each(["2021-07-27T16:02:08Z", "2021-07-27", "", "2021-07-27T16:02:08+02:00"])("keeps %s", (text) => {
    const { day, time } = splitTimestamp(text);
    expect(joinTimestamp(day, time)).toBe(text);
  });
});

describe("types and rules of any table", () => {
  const of = (type: string, rules = {}) => ({ name: "it", type, required: true, auto_increment: false, rules });

  it.each([
    ["smallint", "32767", "32768"],
    ["double", "-1.5e-9", "1e999"],
    ["time", "16:02:08", "24:00:00"],
    ["timestamp(3)", "2021-07-27T16:02:08.12Z", "2021-07-27T16:02:08.1234Z"],
    ["json", '{"a":[1]}', "{a:1}"],
  ])("%s", (type, good, bad) => {
    expect(fault(of(type), good)).toBe(null);
    expect(fault(of(type), bad)).toMatch(/^it must be /);
  });

  it("values and bounds are said", () => {
    const column = of("string(9)", { values: ["new", "paid"] });
    expect(fault(column, "old")).toBe("it must be one of new, paid");
    expect(hint(of("integer", { minimum: 1, maximum: 9 }))).toBe("A whole number. At least 1. At most 9.");
  });

  it("a row has its values as JSON", () => {
    const columns = [of("json"), { ...of("double"), name: "price" }];
    const row = { it: { a: [1, null] }, price: 0.5 };
    expect(rowOf(columns, draftOf(columns, row))).toEqual(row);
  });
});
