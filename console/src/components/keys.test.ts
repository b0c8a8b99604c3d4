import { expect, test } from "vitest";
import { isOfKey, keyLabel, keyOf } from "./keys";

test("a key has a part for each of its columns", () => {
  expect(keyOf({ key: "id" }, { id: 7, name: "x" })).toBe("7");
  const table = { key: "code,day" };
  const key = keyOf(table, { day: "2021-07-27", code: "a/b, (c)*'!~" });
  expect(key).toBe("a%2Fb%2C%20%28c%29%2A%27%21~,2021-07-27");
  expect(keyLabel(key)).toBe("a/b, (c)*'!~, 2021-07-27");
  expect([isOfKey(table, "day"), isOfKey(table, "co")]).toEqual([true, false]);
});
