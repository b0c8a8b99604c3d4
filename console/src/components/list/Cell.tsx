import Box from "@cloudscape-design/components/box";
import type { Column, Value } from "../../api/types";
import { type Names, nameOf } from "../form/references";
import { Status } from "../feedback/Status";
import { textOf } from "../format";

/** A value as a table shows it; a reference by its name. */
export function Cell({ column, value, names }: { column: Column; value: Value | undefined; names: Names | null }) {
  if (value === null || value === undefined) {
    return <Box color="text-status-inactive">none</Box>;
  }
  const text = typeof value === "boolean" ? (value ? "Yes" : "No") : textOf(value);
  if (column.references !== null) {
    const name = nameOf(names, column, value);
    if (name === null) {
      return (
        <Status type="warning">
          {text} (no such row of {column.references})
        </Status>
      );
    }
    if (name) {
      return (
        <>
          {name}{" "}
          <Box variant="span" color="text-body-secondary" fontSize="body-s">
            {text}
          </Box>
        </>
      );
    }
  }
  return column.type.startsWith("timestamp") ? (
    <span>{text.replace("T", " ").replace(/Z$/, "")}</span>
  ) : (
    <span>{text}</span>
  );
}
