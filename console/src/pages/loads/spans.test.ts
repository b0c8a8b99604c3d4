import { expect, it } from "vitest";
import type { Load } from "../../api/types";
import { within } from "./spans";

const load = (started_at: string) => ({ load: started_at, started_at }) as Load;

it("ends the list where the span ends", () => {
  const page = { loads: [load("2026-11-29T10:00:00Z"), load("2026-11-20T10:00:00Z")], next: "x" };
  const now = new Date("2026-11-29T12:00:00Z");
  expect(within(page, null, now)).toBe(page);
  expect(within(page, "nonsense", now)).toBe(page);
  expect(within(page, "7", now)).toEqual({ loads: [page.loads[0]], next: null });
  expect(within(page, "30", now)).toEqual(page);
});
