import { expect, it } from "vitest";
import { href, parseHash } from "./route";

it("reads what it writes", () => {
  const link = href(["tables", "a/b", 7], { filter: "name:ö & ü", none: null });
  const { page, rest, params } = parseHash(link);
  expect([page, ...rest]).toEqual(["tables", "a/b", "7"]);
  expect(Object.fromEntries(params)).toEqual({ filter: "name:ö & ü" });
});

it("takes any hash for some page", () => {
  for (const hash of ["", "#", "#/", "#/%E0%A4%A", "#//x", "#/a?b?c"]) {
    expect(() => parseHash(hash)).not.toThrow();
  }
  expect(parseHash("#/%E0%A4%A/x").page).toBe("%E0%A4%A");
});
