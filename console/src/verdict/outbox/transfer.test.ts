import { beforeEach, describe, expect, it, vi } from "vitest";
import type { PartsUpload } from "../../api/types";
import * as uploads from "../../api/uploads";
import { type Put, StorageError, sendFile } from "./transfer";

vi.mock("../../api/uploads");

const MIB = 1024 * 1024;
const FILE = new Blob([new Uint8Array(10 * MIB)]);
const started = (numbers: number[]): PartsUpload => ({
  key: "incoming/jobs/append/a.csv",
  id: "u1",
  part_bytes: 4 * MIB,
  bytes: FILE.size,
  parts: numbers.map((number) => ({ number, url: `https://s3/${number}` })),
  expires_at: "2026-11-29T10:00:00Z",
});
const sending = (put: Put) => ({ put, pause: 0, signal: new AbortController().signal, onProgress: vi.fn() });

beforeEach(() => {
  vi.resetAllMocks();
  vi.mocked(uploads.startUpload).mockResolvedValue(started([1, 2, 3]));
  vi.mocked(uploads.completeUpload).mockResolvedValue({ key: "incoming/jobs/append/a.csv" });
});

describe("a large file", () => {
  it("goes in parts, the last one shorter, and says how far it is", async () => {
    const sizes = new Map<string, number>();
    const how = sending(async (url, body, _headers, onSent) => {
      sizes.set(url, body.size);
      onSent(body.size);
    });
    const key = await sendFile(FILE, { table: "jobs", file: "a.csv" }, how);
    expect(key).toBe("incoming/jobs/append/a.csv");
    expect(Object.fromEntries(sizes)).toEqual({
      "https://s3/1": 4 * MIB,
      "https://s3/2": 4 * MIB,
      "https://s3/3": 2 * MIB,
    });
    expect(how.onProgress).toHaveBeenLastCalledWith(FILE.size, FILE.size);
    expect(uploads.startUpload).toHaveBeenCalledWith({ table: "jobs", file: "a.csv", bytes: FILE.size });
  });

  it("sends a part again that got no answer", async () => {
    let failures = 2;
    const how = sending(async () => {
      if (failures-- > 0) {
        throw new StorageError(503);
      }
    });
    await sendFile(FILE, { table: "jobs", file: "a.csv" }, how);
    expect(uploads.completeUpload).toHaveBeenCalledOnce();
  });

  it("does not insist where the storage refuses", async () => {
    vi.mocked(uploads.resumeUpload).mockResolvedValue(started([1, 2, 3]));
    const put = vi.fn<Put>().mockRejectedValue(new StorageError(403));
    await expect(sendFile(FILE, { table: "jobs", file: "a.csv" }, sending(put))).rejects.toThrow(/ended/);
    expect(uploads.completeUpload).not.toHaveBeenCalled();
  });

  it("takes fresh links where some parts went before theirs ended", async () => {
    vi.mocked(uploads.resumeUpload).mockResolvedValue({ ...started([3]), done: [1, 2] });
    let refused = false;
    const how = sending(async (url) => {
      if (url.endsWith("3") && !refused) {
        refused = true;
        throw new StorageError(403);
      }
    });
    await sendFile(FILE, { table: "jobs", file: "a.csv" }, how);
    expect(uploads.resumeUpload).toHaveBeenCalledWith("u1");
    expect(uploads.completeUpload).toHaveBeenCalledOnce();
  });

  it("resumes with the parts that are missing", async () => {
    vi.mocked(uploads.resumeUpload).mockResolvedValue({ ...started([2]), done: [1, 3] });
    const urls: string[] = [];
    const how = sending(async (url) => void urls.push(url));
    await sendFile(FILE, { table: "jobs", file: "a.csv" }, how, "u1");
    expect(urls).toEqual(["https://s3/2"]);
    expect(how.onProgress).toHaveBeenNthCalledWith(1, 6 * MIB, FILE.size);
    expect(uploads.startUpload).not.toHaveBeenCalled();
  });
});
