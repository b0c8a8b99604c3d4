import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo } from "react";
import type { Row, Table, UnusualCountCheck } from "../../api/types";
import { Chart } from "../../components/chart/Chart";
import { DataTable } from "../../components/list/DataTable";
import { count } from "../../components/format";
import { useNames } from "../../components/form/references";
import { href } from "../../shell/route";
import { mean } from "./words";

interface Props {
  check: UnusualCountCheck;
  tables: readonly Table[] | null;
}

/** Groups of unusual size, with the mean of all groups drawn. */
export function Groups({ check, tables }: Props) {
  const table = tables?.find(({ name }) => name === check.table);
  // As rows with the reference, so that the groups get their names like any row's.
  const rows = useMemo<Row[]>(() => check.groups.map(({ id }) => ({ [check.column]: id })), [check]);
  const names = useNames(tables, table, rows);
  const nameOf = (id: number | string) => names?.get(check.references)?.get(String(id)) || `${check.references} ${id}`;
  const labels = check.groups.map(({ id }) => nameOf(id));
  return (
    <SpaceBetween size="m">
      <Chart
        choice={{ kind: "bar", x: check.references }}
        data={{
          labels,
          others: 0,
          series: [
            { title: `Rows of ${check.table}`, data: check.groups.map(({ id, rows }) => ({ x: nameOf(id), y: rows })) },
          ],
        }}
        label={`Unusual numbers of ${check.table} by ${check.references}`}
        yTitle={`Rows of ${check.table}`}
        threshold={{ title: `Mean: ${mean(check.mean)}`, y: check.mean }}
        height={220}
      />
      <DataTable
        label={`Unusual numbers of ${check.table}`}
        variant="borderless"
        items={check.groups}
        id={({ id }) => String(id)}
        empty="No groups."
        columns={[
          {
            id: "name",
            header: check.references,
            title: true,
            cell: ({ id }) => <Link href={href(["tables", check.references, "row", id])}>{nameOf(id)}</Link>,
            value: ({ id }) => nameOf(id),
          },
          {
            id: "rows",
            header: `Rows of ${check.table}`,
            cell: ({ rows }) => count(rows),
            value: ({ rows }) => rows,
          },
          {
            id: "times",
            header: "Times the mean",
            cell: ({ rows }) => (check.mean > 0 ? `${(rows / check.mean).toFixed(1)} ×` : "–"),
            value: ({ rows }) => (check.mean > 0 ? rows / check.mean : 0),
          },
          {
            id: "list",
            header: "Look",
            cell: ({ id }) => (
              <Link
                href={href(["tables", check.table], { column: check.column, value: String(id) })}
                ariaLabel={`Its rows: ${nameOf(id)}`}
              >
                Its rows
              </Link>
            ),
          },
        ]}
      />
    </SpaceBetween>
  );
}
