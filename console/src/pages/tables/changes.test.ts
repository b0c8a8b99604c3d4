import { describe, expect, it } from "vitest";
import { changesOf, filledIn, overtaken } from "./changes";

const ROW = { id: "1", name: "Ann", department_id: "3", note: "" };

describe("changes to a row", () => {
  it("are the columns that differ alone", () => {
    expect(changesOf(ROW, ROW, { ...ROW, name: "Anna" })).toEqual({ on: ROW, values: { name: "Anna" } });
    expect(changesOf(ROW, ROW, { ...ROW, note: "new" })?.values).toEqual({ note: "new" });
    expect(changesOf(ROW, ROW, { ...ROW })).toBeNull();
  });

  it("leave what somebody else has changed as it is now", () => {
    const changes = changesOf(ROW, ROW, { ...ROW, name: "Anna" });
    const now = { ...ROW, department_id: "4" };
    expect(filledIn(now, changes)).toEqual({ ...now, name: "Anna" });
    // Going on from there takes theirs for none of ours, and still knows where it began.
    expect(changesOf(ROW, now, { ...now, name: "Anne" })).toEqual({ on: ROW, values: { name: "Anne" } });
  });

  it("say what somebody else has changed", () => {
    const changes = { on: ROW, values: { name: "Anna" } };
    expect(overtaken(changes, ROW)).toEqual([]);
    expect(overtaken(changes, { ...ROW, name: "Ana" })).toEqual([
      { column: "name", before: "Ann", after: "Ana", changed: true },
    ]);
  });
});
