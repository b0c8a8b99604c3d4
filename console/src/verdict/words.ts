import type { Load, Mode } from "../api/types";
import { count, counted } from "../components/format";

/** The names of a load's modes in the console. */
export const MODES: Record<Mode, { label: string; description: string }> = {
  append: {
    label: "Add new rows",
    description: "What is in the table stays. A row whose id is taken is refused.",
  },
  upsert: {
    label: "Add and update",
    description: "New rows are added. A row whose id is taken replaces the one that is there.",
  },
  replace: {
    label: "Replace the whole table",
    description: "Every row that is in the table goes, and the file's rows come in.",
  },
};

const FIXED = /^([0-9a-f]{8})[0-9a-f]{24}-fixed-/;

/**
 * The file's own name, of a key like `incoming/jobs/upsert/a.csv`; of rows that were sent again,
 * what they are.
 */
export function fileName(key: string): string {
  const name = key.split("/").at(-1) ?? key;
  const parent = FIXED.exec(name)?.[1];
  return parent ? `Corrected rows of ${parent}` : name;
}

/** The message of a file whose records were all read, and all refused. */
const NOTHING = /^nothing could be loaded: /;

/** Returns the number of rows that loads have inserted. */
export const rowsLoaded = (loads: readonly Load[]): number => loads.reduce((sum, load) => sum + load.rows_loaded, 0);

/** Returns the loads that corrected rows of a load, and their own descendants. */
export function descendants(load: string, loads: readonly Load[]): Load[] {
  const children = loads.filter(({ parent }) => parent === load);
  return children.flatMap((child) => [child, ...descendants(child.load, loads)]);
}

/**
 * Says in a sentence how a load ended, and what has become of its refused rows by `again`, the
 * loads of those that were sent once more.
 */
export function verdict(
  load: Load,
  editable: boolean,
  again: readonly Load[] = [],
): { type: "success" | "warning" | "error" | "info"; header: string; text: string } {
  const { rows_read, rows_loaded, rows_rejected, table } = load;
  const corrected = rowsLoaded(again);
  const all = rows_read === 1 ? "The row is" : `${rows_read === 2 ? "Both" : `All ${count(rows_read)}`} rows are`;
  switch (load.status) {
    case "running":
      return {
        type: "info",
        header: "The file is being loaded",
        text: `${counted(rows_read, "row")} read so far.`,
      };
    case "skipped":
      return {
        type: "info",
        header: "This file was loaded before",
        text: `The very same content is in ${table} already; nothing was loaded twice. Change the file if it should hold other rows.`,
      };
    case "failed":
      if (corrected > 0 && corrected >= rows_read && NOTHING.test(load.error ?? "")) {
        return {
          type: "success",
          header: `${all} in after correction`,
          text: `${rows_read === 1 ? "It is" : "They are"} in ${table} now.`,
        };
      }
      return {
        type: "error",
        header: "The file was not loaded",
        text: load.error ?? "The loader gave no reason; ask an operator to look at its log.",
      };
    case "completed":
      if (rows_read === 0) {
        return { type: "info", header: "The file has no rows", text: "Nothing was loaded, and nothing refused." };
      }
      if (corrected > 0 && corrected >= rows_rejected) {
        return {
          type: "success",
          header: `${all} in, ${count(rows_rejected)} of them after correction`,
          text: `They are in ${table} now.`,
        };
      }
      if (corrected > 0) {
        const left = rows_rejected - corrected;
        return {
          type: "warning",
          header: `${count(rows_loaded + corrected)} of ${counted(rows_read, "row")} are in, ${count(left)} ${left === 1 ? "is" : "are"} still refused`,
          text: `${counted(corrected, "row")} came in after correction.`,
        };
      }
      return rows_rejected === 0
        ? {
            type: "success",
            header: `${all} loaded`,
            text: `${rows_read === 1 ? "It is" : "They are"} in ${table} now.`,
          }
        : {
            type: "warning",
            header: `${count(rows_loaded)} of ${counted(rows_read, "row")} loaded, ${count(rows_rejected)} refused`,
            text: editable
              ? "The refused rows are below: correct them there, and send them again."
              : "The refused rows are below, with the reasons.",
          };
  }
}
