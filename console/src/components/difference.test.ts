import { describe, expect, it } from "vitest";

import { differences } from "./difference";

describe("differences", () => {
  it("marks the columns that changed", () => {
    expect(differences({ id: 1, name: "Ann", boss: null }, { id: 1, name: "Anna", boss: null })).toEqual([
      { column: "id", before: "1", after: "1", changed: false },
      { column: "name", before: "Ann", after: "Anna", changed: true },
      { column: "boss", before: null, after: null, changed: false },
    ]);
  });

  it("shows a new row and a deleted one", () => {
    expect(differences(null, { id: 1 })).toEqual([{ column: "id", before: null, after: "1", changed: true }]);
    expect(differences({ id: 1 }, undefined)).toEqual([{ column: "id", before: "1", after: null, changed: true }]);
  });

  it("shows lists as JSON", () => {
    expect(differences({ groups: ["a"] }, { groups: ["a", "b"] })[0]).toMatchObject({
      before: '["a"]',
      after: '["a","b"]',
    });
  });
});
