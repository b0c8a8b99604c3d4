import { beforeEach, describe, expect, it } from "vitest";
import type { Table } from "../../api/types";
import { check, column } from "../../testing/fixtures";
import { stubStorage } from "../../testing/storage";
import {
  adopt,
  complete,
  example,
  listed,
  matchFaults,
  missingColumns,
  missingWords,
  order,
  remember,
  remembered,
  settingsOfRejects,
} from "./settings";

const CHECK = check({
  delimiter: ";",
  header: ["Emp No", "Full name", "Notes"],
  problem: "line 1 is neither a header nor a row",
  proposal: { columns: { "Emp No": "id", "Full name": "name" }, delimiter: ";", timestamp_formats: ["%d/%m/%Y"] },
});

const TABLE: Table = {
  name: "employees",
  description: "",
  key: "id",
  default_mode: "append",
  columns: [column("id", { auto_increment: true }), column("name"), column("note", { required: false }), column("job")],
};

beforeEach(() => void stubStorage("localStorage"));

describe("a proposal", () => {
  it("is taken, and leaves out what it does not match", () => {
    expect(adopt(CHECK, {})).toEqual({
      settings: {
        columns: { "Emp No": "id", "Full name": "name", Notes: null },
        delimiter: ";",
        timestamp_formats: ["%d/%m/%Y"],
      },
      unclear: {},
    });
  });

  it("does not decide what has several readings", () => {
    const formats = ["%d/%m/%Y", "%m/%d/%Y"];
    const reading = adopt({ ...CHECK, proposal: { timestamp_formats: formats } }, {});
    expect(reading).toEqual({ settings: {}, unclear: { timestamp_formats: formats } });
  });

  it("does not overrule what was chosen", () => {
    const chosen = { columns: { "Emp No": null }, delimiter: ",", timestamp_formats: ["%m/%d/%Y"] };
    expect(adopt(CHECK, chosen)).toBeNull();
  });
});

describe("a match", () => {
  it("is completed where a name is part of another", () => {
    expect(complete(TABLE, { "Emp No": "id", FullName: null, x: null })).toEqual({
      "Emp No": "id",
      FullName: "name",
      x: null,
    });
    // Two that could be meant are left to a person.
    expect(complete(TABLE, { "First name": null, "Last name": null })).toEqual({
      "First name": null,
      "Last name": null,
    });
  });

  it("takes the one column that is named like a number for the key", () => {
    for (const name of ["Staff no", "Staff No.", "StaffNr", "Staff number", "Staff #"]) {
      expect(complete(TABLE, { [name]: null, Position: null })).toEqual({ [name]: "id", Position: null });
    }
    const open = { "Staff no": null, "Badge no": null };
    expect(complete(TABLE, open)).toEqual(open);
    expect(complete(TABLE, { "Phone number": null })).toEqual({ "Phone number": null });
    const referring = { ...TABLE, columns: [column("id"), column("department_id", { references: "departments" })] };
    expect(complete(referring, { "Dept no": null })).toEqual({ "Dept no": null });
    expect(complete(referring, { "Department id": null })).toEqual({ "Department id": "department_id" });
  });

  it("gives each column of the table once", () => {
    expect(Object.keys(matchFaults({ a: "id", b: "id", c: null, d: null }))).toEqual(["b"]);
  });

  it("misses columns that must have a value", () => {
    expect(missingColumns(TABLE, { a: "name" }).map(({ name }) => name)).toEqual(["id", "job"]);
  });

  it("says what is missing", () => {
    const missing = missingColumns(TABLE, { a: "name" });
    expect(missingWords(missing)).toBe("id and job must have a value: choose which columns of the file they are.");
    expect(missingWords(missing.slice(1))).toBe("job must have a value: choose which column of the file it is.");
  });

  it("is kept by table and header", () => {
    remember("employees", ["a", "b"], { delimiter: ";" });
    remember("employees", ["a", "b"], { delimiter: "," });
    expect(remembered("employees", ["a", "b"])).toEqual({ delimiter: "," });
    expect(remembered("employees", ["b", "a"])).toBeNull();
    expect(remembered("jobs", ["a", "b"])).toBeNull();
    expect(remembered("jobs", null)).toBeNull();
  });
});

it("sends refused rows with what is said of values alone", () => {
  expect(settingsOfRejects({ delimiter: ";", columns: { a: "id" } })).toBeUndefined();
  expect(settingsOfRejects({ delimiter: ";", time_zone: "Europe/Berlin" })).toEqual({ time_zone: "Europe/Berlin" });
});

it("shows formats by an example", () => {
  expect(example("%d/%m/%Y %H:%M")).toBe("31/03/2021 16:05");
  expect(order("%d/%m/%Y")).toBe("day first");
  expect(order("%-m/%-d/%Y")).toBe("month first");
  expect(order("%Y-%m-%d")).toBe("year first");
});

it("reads a list while it is being typed", () => {
  expect(listed("N/A, NULL")).toEqual(["N/A", "NULL"]);
  expect(listed("N/A,")).toEqual(["N/A"]);
  expect(listed(" , ")).toEqual([]);
});
