import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import type { AuditEntry } from "../../api/types";
import { differences } from "../../components/difference";
import { counted } from "../../components/format";

/** A request with no more characters is shown at once. */
const SHORT = 120;

/** The change of an entry of the audit trail: a difference by column, or the request. */
export function Change({ entry: { before, after, detail, id } }: { entry: AuditEntry }) {
  if (before !== null || after !== null) {
    const all = differences(before, after);
    const changed = all.filter((one) => one.changed);
    const header =
      before === null
        ? counted(all.length, "column")
        : after === null
          ? "As it was"
          : changed.length === 0
            ? "Nothing is different"
            : `${changed.map(({ column }) => column).join(", ")} changed`;
    const shown = before !== null && after !== null ? changed : all;
    return (
      <ExpandableSection variant="inline" headerText={header} headerAriaLabel={`${header}, entry ${id}`}>
        <KeyValuePairs
          items={shown.map((one) => ({
            label: one.column,
            value: (
              <>
                {one.before !== null && (
                  <Box variant="span" color={after === null ? "inherit" : "text-status-error"}>
                    {after === null ? one.before : <s>{one.before}</s>}
                  </Box>
                )}
                {one.before !== null && one.after !== null && " → "}
                {one.after !== null && (
                  <Box variant="span" color={before === null ? "inherit" : "text-status-success"}>
                    {one.after}
                  </Box>
                )}
                {one.before === null && one.after === null && "none"}
                {before !== null && after !== null && one.before === null && " (was none)"}
                {before !== null && after !== null && one.after === null && " → none"}
              </>
            ),
          }))}
        />
      </ExpandableSection>
    );
  }
  const asked = Object.entries(detail ?? {});
  if (asked.length === 0) {
    return <Box color="text-status-inactive">–</Box>;
  }
  const line = asked.map(([label, value]) => `${label}: ${said(value)}`);
  if (line.join("; ").length <= SHORT) {
    return <span>{line.join("; ")}</span>;
  }
  return (
    <ExpandableSection variant="inline" headerText="What was asked" headerAriaLabel={`What was asked, entry ${id}`}>
      <KeyValuePairs
        items={asked.map(([label, value]) => ({
          label,
          value: said(value),
        }))}
      />
    </ExpandableSection>
  );
}

/** A value of what was asked, as a person would write it. */
function said(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(said).join(", ") || "none";
  }
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "none");
}
