import { DataTable } from "../../components/list/DataTable";
import { count } from "../../components/format";
import { type Comparison, change } from "./counts";

interface Props {
  label: string;
  items: readonly Comparison[];
  beforeText: string;
  afterText: string;
}

const shown = (value: number | null) => (value === null ? "–" : count(value));

/** Rows of tables before and after. */
export function Compared({ label, items, beforeText, afterText }: Props) {
  return (
    <DataTable
      label={label}
      variant="borderless"
      items={items}
      id={({ table }) => table}
      empty="No table is chosen."
      columns={[
        { id: "table", header: "Table", title: true, cell: ({ table }) => table },
        { id: "before", header: beforeText, cell: ({ before }) => shown(before) },
        { id: "after", header: afterText, cell: ({ after }) => shown(after) },
        { id: "change", header: "Change", cell: change },
      ]}
    />
  );
}
