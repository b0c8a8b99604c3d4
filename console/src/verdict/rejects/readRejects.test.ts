import { expect, it } from "vitest";
import { hasEnded } from "./readRejects";

it("takes fresh links before the old ones end", () => {
  const now = Date.parse("2026-11-29T10:00:00Z");
  expect(hasEnded("2026-11-29T10:15:00Z", now)).toBe(false);
  expect(hasEnded("2026-11-29T10:00:30Z", now)).toBe(true);
  expect(hasEnded("2026-11-29T09:00:00Z", now)).toBe(true);
  expect(hasEnded(null, now)).toBe(true);
});
