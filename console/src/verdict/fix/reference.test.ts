import { expect, it } from "vitest";
import { isNumber, namedAlone } from "./reference";

const rows = (...names: string[]) => names.map((name, index) => ({ id: index + 1, name }));

it("takes a name for the row that alone has it", () => {
  const page = { rows: rows("Care", "Maintenance", "Maintenance of roofs"), next: null };
  expect(namedAlone(page, "id", "name", " maintenance ")).toEqual({ key: "2", name: "Maintenance" });
  expect(namedAlone(page, "id", "name", "Main")).toBeNull();
  expect(namedAlone({ ...page, next: 3 }, "id", "name", "Maintenance")).toBeNull();
  expect(namedAlone({ rows: rows("IT", "it"), next: null }, "id", "name", "IT")).toBeNull();
});

it("knows a number", () => {
  expect(["7", " 12 ", "-1"].every(isNumber)).toBe(true);
  expect(["", "Maintenance", "7 a", "1.5"].some(isNumber)).toBe(false);
});
