// The beginning of the file to upload, and what the check of it says.

import { useEffect, useMemo, useState } from "react";
import type { FileSettings, Table } from "../../api/types";
import { checkFile } from "../../api/uploads";
import { store, readStored } from "../../shell/storage";
import { fromBase64, HEAD_BYTES, readHead } from "./file";
import { firstNames, samples } from "./samples";
import { fileColumns } from "./settings";
import { settle } from "./settle";
import { signOf, type Work } from "./work";

/** The key under which this tab keeps the content of a small file. */
export const CONTENT = "upload.content";
const TYPING = 300;

/** The content of the file that is kept in this tab, as the file itself. */
export function storedFile(work: Work): File | null {
  const content = work.file ? readStored<string>(CONTENT) : null;
  return work.file && content !== null
    ? new File([fromBase64(content)], work.file.name, { lastModified: work.file.modified })
    : null;
}

export interface Checked {
  /** The file's beginning as base64; null until it is read. */
  content: string | null;
  /** True until the result belongs to the file, table, mode and settings of now. */
  checking: boolean;
  error: Error | null;
  forgetError: () => void;
  retry: () => void;
}

/**
 * Reads the file's beginning and has it checked, again after each change; the result goes into the
 * work.
 */
export function useChecked(
  file: File | null,
  table: Table | undefined,
  work: Work,
  setWork: (change: (work: Work) => Work) => void,
): Checked {
  const [turn, setTurn] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const [checking, setChecking] = useState(false);
  const content = useHead(file, turn, setError);
  const wanted = signOf(work);
  const isChecked = work.checked === wanted;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` is what a check depends on; `turn` tries again.
  useEffect(() => {
    if (file === null || content === null || !table || isChecked) {
      return;
    }
    const controller = new AbortController();
    const { mode, settings } = work;
    const whole = file.size <= HEAD_BYTES;
    const ask = (settings: FileSettings) =>
      checkFile({ table: table.name, file: file.name, mode, settings, content, whole }, controller.signal);
    setChecking(true);
    // Typed settings are checked when the typing has stopped.
    const timer = setTimeout(async () => {
      try {
        const settled = await settle(ask, table, settings);
        if (controller.signal.aborted) {
          return;
        }
        setError(null);
        setChecking(false);
        setWork((work) => ({
          ...work,
          check: settled.check,
          settings: settled.settings,
          unclear: Object.keys(settled.unclear).length > 0 ? settled.unclear : work.unclear,
          recalled: settled.recalled || work.recalled,
          checked: signOf({ ...work, table: table.name, mode, settings: settled.settings }),
        }));
      } catch (error) {
        if (!controller.signal.aborted) {
          setError(error as Error);
          setChecking(false);
        }
      }
    }, TYPING);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [content, wanted, isChecked, turn, table === undefined]);

  const forgetError = () => setError(null);
  const retry = () => {
    forgetError();
    setTurn((turn) => turn + 1);
  };
  return { content, checking: checking || !isChecked, error, forgetError, retry };
}

/** The file's beginning as base64, which the tab keeps if it is the whole file. */
function useHead(file: File | null, turn: number, onError: (error: Error) => void): string | null {
  const [head, setHead] = useState<{ file: File; content: string } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` tries again.
  useEffect(() => {
    if (file === null) {
      return;
    }
    let left = false;
    readHead(file).then(
      (content) => {
        if (!left) {
          setHead({ file, content });
          if (file.size <= HEAD_BYTES) {
            store(CONTENT, content);
          }
        }
      },
      (error: Error) => left || onError(error),
    );
    return () => {
      left = true;
    };
  }, [file, turn]);
  return head !== null && head.file === file ? head.content : null;
}

/**
 * The names of the file's columns and an example of each, as the check and the beginning show them.
 */
export function useColumns({ content }: Checked, { check, settings }: Work) {
  const bytes = useMemo(() => (content === null ? null : fromBase64(content)), [content]);
  const names = useMemo(() => {
    const known = check ? fileColumns(check) : [];
    const isOfText = check?.problem?.startsWith("line ") && /^[ct]sv$/.test(check.format);
    return known.length === 0 && bytes && isOfText ? firstNames(bytes, settings) : known;
  }, [bytes, check, settings]);
  const examples = useMemo(() => (bytes ? samples(bytes, names, settings) : {}), [bytes, names, settings]);
  return { names, examples };
}
