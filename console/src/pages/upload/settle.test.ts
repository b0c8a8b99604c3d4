import { beforeEach, expect, it, vi } from "vitest";
import type { FileSettings, Table } from "../../api/types";
import { check } from "../../testing/fixtures";
import { stubStorage } from "../../testing/storage";
import { remember } from "./settings";
import { settle } from "./settle";

const JOBS: Table = { name: "jobs", description: "", key: "id", default_mode: "append", columns: [] };
const HEADER = ["Nr", "When"];
const found = (proposal: FileSettings | null) => check({ header: HEADER, proposal });

beforeEach(() => void stubStorage("localStorage"));

it("asks once where the file is as it should be", async () => {
  const ask = vi.fn().mockResolvedValue(found(null));
  const settled = await settle(ask, JOBS, {});
  expect(ask).toHaveBeenCalledOnce();
  expect(settled).toMatchObject({ settings: {}, unclear: {}, recalled: false });
});

it("takes a match, then what the matched columns show", async () => {
  const ask = vi.fn(async (settings: FileSettings) =>
    settings.columns === undefined
      ? found({ columns: { Nr: "id", When: "datetime" } })
      : found(settings.timestamp_formats ? null : { timestamp_formats: ["%d/%m/%Y"] }),
  );
  const { settings } = await settle(ask, JOBS, {});
  expect(settings).toEqual({ columns: { Nr: "id", When: "datetime" }, timestamp_formats: ["%d/%m/%Y"] });
  expect(ask).toHaveBeenCalledTimes(3);
});

it("leaves to a person what has several readings", async () => {
  const ask = vi.fn().mockResolvedValue(found({ timestamp_formats: ["%d/%m/%Y", "%m/%d/%Y"] }));
  const { settings, unclear } = await settle(ask, JOBS, {});
  expect(settings).toEqual({});
  expect(unclear.timestamp_formats).toHaveLength(2);
  expect(ask).toHaveBeenCalledOnce();
});

it("takes what was kept of files with this header", async () => {
  remember("jobs", HEADER, { delimiter: ";" });
  const settled = await settle(vi.fn().mockResolvedValue(found(null)), JOBS, {});
  expect(settled).toMatchObject({ settings: { delimiter: ";" }, recalled: true });
  const chosen = await settle(vi.fn().mockResolvedValue(found(null)), JOBS, { skip_lines: 1 });
  expect(chosen).toMatchObject({ settings: { skip_lines: 1 }, recalled: false });
});
