import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Load } from "../api/types";

type Shown = Pick<Load, "status" | "rows_rejected">;

function state({ status, rows_rejected }: Shown): [StatusIndicatorProps.Type, string] {
  switch (status) {
    case "running":
      return ["in-progress", "Loading"];
    case "completed":
      return rows_rejected > 0 ? ["warning", "Some refused"] : ["success", "Loaded"];
    case "failed":
      return ["error", "Failed"];
    case "skipped":
      return ["stopped", "Skipped"];
  }
}

/** The state of a load, in a word and a sign. */
export function LoadState({ load }: { load: Shown }) {
  const [type, text] = state(load);
  return (
    <StatusIndicator type={type} wrapText={false}>
      {text}
    </StatusIndicator>
  );
}
