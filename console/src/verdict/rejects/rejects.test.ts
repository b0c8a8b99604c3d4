import { describe, expect, it } from "vitest";
import { countByCode, fixedName, parseRejects, readErrors, remedyOf, writeRejects } from "./rejects";

const FILE =
  "\uFEFFid,name,datetime,line,code,reason\r\n" +
  '7,,2021-13-01,3,required; timestamp,"name is required; datetime must be a moment in UTC that exists"\r\n' +
  '8,"Ann, B",2021-01-01,4,field_count,the record has 5 fields instead of 3,x,y\r\n';

describe("a rejects file", () => {
  it("is read with the column of each reason", () => {
    const { columns, delimiter, rows } = parseRejects(FILE);
    expect(columns).toEqual(["id", "name", "datetime"]);
    expect(delimiter).toBe(",");
    expect(rows[0]).toEqual({
      line: 3,
      values: { id: "7", name: "", datetime: "2021-13-01" },
      errors: [
        { column: "name", code: "required", message: "name is required" },
        { column: "datetime", code: "timestamp", message: "datetime must be a moment in UTC that exists" },
      ],
      over: [],
    });
    expect(rows[1]?.errors[0]?.column).toBeNull();
    expect(rows[1]?.over).toEqual(["x", "y"]);
  });

  it("is read in the delimiter that it was written with", () => {
    for (const delimiter of [";", "\t", "|"]) {
      const text = FILE.split("\r\n")[0]?.replaceAll(",", delimiter);
      const read = parseRejects(`${text}\r\n1${delimiter}a${delimiter}b${delimiter}2${delimiter}type${delimiter}x\r\n`);
      expect(read.delimiter).toBe(delimiter);
      expect(read.rows[0]?.values).toEqual({ id: "1", name: "a", datetime: "b" });
    }
  });

  it("loses its last record where it is cut off", () => {
    expect(parseRejects(FILE.slice(0, -20), true).rows).toHaveLength(1);
  });

  it("takes a column called line for one of the file's own", () => {
    const { columns, rows } = parseRejects("line,line,code,reason\r\n9,2,type,line must be a whole number\r\n");
    expect(columns).toEqual(["line"]);
    expect(rows[0]?.line).toBe(2);
  });

  it("comes back as it was written", () => {
    const read = parseRejects(FILE);
    const again = parseRejects(writeRejects(read, read.rows));
    expect(again.columns).toEqual(read.columns);
    expect(again.rows.map((row) => row.values)).toEqual(read.rows.map((row) => row.values));
    expect(again.rows.map((row) => row.line)).toEqual([3, 4]);
  });

  it("is counted by reason", () => {
    expect(countByCode(parseRejects(FILE + FILE.split("\r\n")[1]).rows)[0]?.rows).toBe(2);
  });

  it("keeps a semicolon within a sentence", () => {
    const sentence = "text follows a closing quote; inside a quoted field a quote is written twice";
    expect(readErrors(["id"], "quote", sentence)).toEqual([{ column: null, code: "quote", message: sentence }]);
    const errors = readErrors(["id", "name"], "type; required", "id is a formula; open it again; name is required");
    expect(errors.map((error) => error.message)).toEqual(["id is a formula; open it again", "name is required"]);
  });
});

it("names a mended file by its load", () => {
  expect(fixedName("0123456789abcdef0123456789abcdef", new Date("2026-11-29T10:20:30.400Z"))).toBe(
    "0123456789abcdef0123456789abcdef-fixed-20261129T102030.csv",
  );
});

it("says what to do about a reference", () => {
  const reference = { column: "home_department_id", table: "departments", named: true };
  expect(remedyOf("type", reference)).toBe("Write the number of the home department, or choose it by name.");
  expect(remedyOf("required", { ...reference, column: "belongs_to", named: false })).toBe(
    "Write the number of the row of departments.",
  );
  expect(remedyOf("rule", reference)).toBe(remedyOf("rule"));
});
