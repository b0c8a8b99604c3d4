import { beforeEach, expect, it, vi } from "vitest";
import * as loads from "../../api/loads";
import * as uploads from "../../api/uploads";
import { Outbox, type Task } from "./outbox";
import { type Put, StorageError } from "./transfer";

vi.mock("../../api/loads");
vi.mock("../../api/uploads");

const FILE = new Blob(["id\n1\n"]);
const KEY = "incoming/jobs/append/a.csv";
const page = new EventTarget();

/** A PUT that ends when the test says so. */
function held(): { put: Put; finish: (error?: Error) => void } {
  let end: (error?: Error) => void = () => {};
  const put: Put = (_url, _body, _headers, onSent, signal) =>
    new Promise((resolve, reject) => {
      onSent(2);
      end = (error) => (error ? reject(error) : resolve());
      signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    });
  return { put, finish: (error) => end(error) };
}

const task = (put: Put) => ({
  file: FILE,
  request: { table: "jobs", file: "a.csv" },
  onStarted: vi.fn<Task["onStarted"]>(),
  onArrived: vi.fn(),
  onEnded: vi.fn(),
  put,
});
const leaves = () => !page.dispatchEvent(new Event("beforeunload", { cancelable: true }));

beforeEach(() => {
  vi.resetAllMocks();
  vi.stubGlobal("window", page);
  vi.mocked(loads.listLoads).mockResolvedValue({ loads: [], next: null });
  const link = { key: KEY, method: "PUT" as const, url: "https://s3/1", headers: {}, expires_at: "" };
  vi.mocked(uploads.startUpload).mockResolvedValue(link);
});

it("continues while nobody looks, and is not sent twice", async () => {
  const outbox = new Outbox();
  const { put, finish } = held();
  const [first, second] = [task(put), task(put)];
  const sent = outbox.send("upload", first);
  await vi.waitFor(() => expect(outbox.get("upload")).toEqual({ file: FILE, sent: 2, error: null }));
  await outbox.send("upload", second);
  expect(uploads.startUpload).toHaveBeenCalledOnce();
  expect(leaves()).toBe(true);
  finish();
  await sent;
  expect(first.onStarted).toHaveBeenCalledWith(expect.objectContaining({ key: KEY }), []);
  expect(first.onArrived).toHaveBeenCalledOnce();
  expect(second.onArrived).not.toHaveBeenCalled();
  expect(outbox.get("upload")).toBeNull();
  expect(leaves()).toBe(false);
});

it("keeps the file and the reason where it fails", async () => {
  const outbox = new Outbox();
  const { put, finish } = held();
  const failing = task(put);
  const sent = outbox.send("upload", failing);
  await vi.waitFor(() => expect(outbox.get("upload")?.sent).toBe(2));
  finish(new StorageError(403));
  await sent;
  expect(outbox.get("upload")).toMatchObject({ file: FILE, error: { status: 403 } });
  expect(failing.onEnded).toHaveBeenCalledOnce();
  outbox.dismiss("upload");
  expect(outbox.get("upload")).toBeNull();
});

it("ends where somebody stops it", async () => {
  const outbox = new Outbox();
  const { put } = held();
  const stopped = task(put);
  const sent = outbox.send("upload", stopped);
  await vi.waitFor(() => expect(outbox.get("upload")?.sent).toBe(2));
  outbox.stop("upload");
  await sent;
  expect(outbox.get("upload")).toBeNull();
  expect(stopped.onEnded).toHaveBeenCalledOnce();
  expect(stopped.onArrived).not.toHaveBeenCalled();
});

it("reports nothing of another's upload", async () => {
  const outbox = new Outbox();
  const { put } = held();
  const forgotten = task(put);
  const sent = outbox.send("upload", forgotten);
  await vi.waitFor(() => expect(outbox.get("upload")?.sent).toBe(2));
  outbox.forget();
  await sent;
  expect(outbox.get("upload")).toBeNull();
  expect(forgotten.onEnded).not.toHaveBeenCalled();
  expect(leaves()).toBe(false);
});
