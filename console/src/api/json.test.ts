import { expect, it } from "vitest";
import { parseJson } from "./json";
import { problemOf } from "./problem";

it("makes no other number of one that JavaScript cannot hold", () => {
  const hasSource = "rawJSON" in JSON;
  const row = parseJson('{"id": 9223372036854775807, "small": 7, "real": 1.5}') as Record<string, unknown>;
  expect(row.small).toBe(7);
  expect(row.real).toBe(1.5);
  if (hasSource) {
    expect(row.id).toBe("9223372036854775807");
  }
});

it("says something useful whatever comes", () => {
  expect(problemOf(503, "text/html", "<html>").detail).toMatch(/Try again/);
  expect(problemOf(401, "application/json", '{"message":"Unauthorized"}').title).toBe("You are not signed in");
  expect(problemOf(418, "application/problem+json", "{").status).toBe(418);
  expect(problemOf(409, "application/problem+json", '{"type":"t","title":"T","detail":"D"}')).toEqual({
    type: "t",
    title: "T",
    status: 409,
    detail: "D",
  });
});
