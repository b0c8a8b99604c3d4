import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo, useState } from "react";
import type { FarDateCheck, Row, Table, UnknownReferenceCheck } from "../../api/types";
import { Cell } from "../../components/list/Cell";
import { Chart } from "../../components/chart/Chart";
import { isOfKey, keyLabel, keyOf } from "../../components/keys";
import { isText } from "../../components/form/rules";
import { sortable } from "../../components/format";
import { DataTable } from "../../components/list/DataTable";
import { count } from "../../components/format";
import { useNames } from "../../components/form/references";
import { useSession } from "../../session";
import { href } from "../../shell/route";
import { spread } from "./spread";

interface Props {
  check: UnknownReferenceCheck | FarDateCheck;
  tables: readonly Table[] | null;
}

/** So many rows are shown before the rest is asked for. */
const FIRST = 10;

/** The rows that a check found, each with a link to its form. */
export function OddRows({ check, tables }: Props) {
  const { can } = useSession();
  const table = tables?.find(({ name }) => name === check.table);
  const names = useNames(tables, table, check.rows);
  const [all, setAll] = useState(check.rows.length <= FIRST);
  const drawn = useMemo(() => spread(check), [check]);
  if (!table) {
    return null;
  }
  const act = can("write") ? "Fix" : "Show";
  return (
    <SpaceBetween size="m">
      {drawn.data.labels.length > 1 && (
        <Chart
          choice={{ kind: "bar", x: drawn.by }}
          data={drawn.data}
          label={`${check.table} found, by ${drawn.by}`}
          yTitle="Rows"
          height={160}
        />
      )}
      <DataTable
        label={`Rows of ${check.table} that stand out by ${check.column}`}
        variant="borderless"
        items={all ? check.rows : check.rows.slice(0, FIRST)}
        id={(row) => keyOf(table, row)}
        empty="No rows."
        columns={[
          ...table.columns.map((column) => ({
            id: column.name,
            header: column.name,
            title: isOfKey(table, column.name),
            wide: column.references !== null || isText(column.type),
            cell: (row: Row) => <Cell column={column} value={row[column.name]} names={names} />,
            value: (row: Row) => sortable(row[column.name]),
          })),
          {
            id: "fix",
            header: act,
            cell: (row: Row) => (
              <Link
                href={href(["tables", table.name, "row", keyOf(table, row)])}
                ariaLabel={`${act} ${table.name} ${keyLabel(keyOf(table, row))}`}
              >
                {act}
              </Link>
            ),
          },
        ]}
      />
      {!all && check.rows.length > FIRST && (
        <Button onClick={() => setAll(true)}>Show all {count(check.rows.length)}</Button>
      )}
      {all && check.count > check.rows.length && (
        <Box color="text-body-secondary" fontSize="body-s">
          The first {count(check.rows.length)} of {count(check.count)}. Fix these and look again for the next.
        </Box>
      )}
    </SpaceBetween>
  );
}
