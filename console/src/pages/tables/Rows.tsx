import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import { listRows } from "../../api/tables";
import type { Column, Row, Table } from "../../api/types";
import { useResource } from "../../api/use";
import { Cell } from "../../components/list/Cell";
import { DataTable, type DataColumn } from "../../components/list/DataTable";
import { FieldInput } from "../../components/form/FieldInput";
import { counted } from "../../components/format";
import { Pager, readTrail, writeTrail } from "../../components/list/Pager";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useNames } from "../../components/form/references";
import { useSession } from "../../session";
import { href, navigate, useRoute } from "../../shell/route";
import { DeleteRow } from "./DeleteRow";
import { keepList } from "./list";

const SIZES = [25, 50, 100, 500];
const DEFAULT_SIZE = 50;

/** The rows of one table, page by page in the order of their key. */
export function Rows({ table, tables }: { table: Table; tables: readonly Table[] }) {
  const { params, setParams } = useRoute();
  const { can } = useSession();
  const after = params.get("after") ?? "";
  const trail = readTrail(params.get("trail"));
  const size = SIZES.find((one) => String(one) === params.get("size")) ?? DEFAULT_SIZE;
  const column = table.columns.find((one) => one.name === params.get("column"));
  const value = params.get("value") ?? "";
  const filter = useMemo(() => (column && value !== "" ? { column: column.name, value } : null), [column, value]);
  const { data, error, loading, reload } = useResource(
    (signal) => listRows(table.name, { limit: size, after: after || null, filter }, signal),
    [table.name, size, after, filter],
  );
  const rows = data?.rows ?? [];
  const names = useNames(tables, table, data?.rows ?? NO_ROWS);
  const [deleting, setDeleting] = useState<Row | null>(null);

  const shown = params.toString();
  useEffect(
    () => keepList(table.name, href(["tables", table.name], Object.fromEntries(new URLSearchParams(shown)))),
    [table.name, shown],
  );

  const pager = (
    <Pager
      next={data?.next}
      trail={trail}
      after={after}
      loading={loading}
      onMove={(to, way) => setParams({ after: to || null, trail: writeTrail(way) })}
    />
  );
  const link = (row: Row) => href(["tables", table.name, "row", String(row[table.key])]);
  const columns: DataColumn<Row>[] = table.columns.map((one) => ({
    id: one.name,
    header: one.name,
    title: one.name === table.key,
    wide: one.references !== null || one.type.startsWith("string"),
    cell: (row) => {
      const cell = <Cell column={one} value={row[one.name]} names={names} />;
      return one.name === table.key ? (
        <Link href={link(row)} ariaLabel={`${table.name} ${String(row[table.key])}`}>
          {cell}
        </Link>
      ) : (
        cell
      );
    },
  }));
  if (can("write")) {
    columns.push({
      id: "actions",
      header: "Actions",
      cell: (row) => (
        <SpaceBetween direction="horizontal" size="xxs">
          <Button
            variant="inline-icon"
            iconName="edit"
            ariaLabel={`Edit ${table.name} ${String(row[table.key])}`}
            href={link(row)}
          />
          {can("operate") && (
            <Button
              variant="inline-icon"
              iconName="remove"
              ariaLabel={`Delete ${table.name} ${String(row[table.key])}`}
              onClick={() => setDeleting(row)}
            />
          )}
        </SpaceBetween>
      ),
    });
  }

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={table.description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Read the rows again" loading={loading} onClick={reload} />
              {can("write") && (
                <Button variant="primary" href={href(["tables", table.name, "new"])}>
                  Add a row
                </Button>
              )}
            </SpaceBetween>
          }
        >
          {table.name}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Grid gridDefinition={[{ colspan: { default: 12, xs: 3 } }, { colspan: { default: 12, xs: 9 } }]}>
          <FormField label="Table">
            <Select
              selectedOption={{ value: table.name, label: table.name }}
              options={tables.map((one) => ({ value: one.name, label: one.name, description: one.description }))}
              onChange={({ detail }) => navigate(href(["tables", detail.selectedOption.value ?? ""]))}
              ariaLabel="Table"
            />
          </FormField>
          <Filter
            key={`${params.get("column")}:${value}`}
            table={table}
            tables={tables}
            column={column}
            value={value}
            onFilter={(name, text) => setParams({ column: name, value: text, after: null, trail: null })}
          />
        </Grid>
        <ProblemAlert error={error} header="The rows could not be read" onRetry={reload} />
        <DataTable
          label={`Rows of ${table.name}`}
          columns={columns}
          items={data && rows}
          id={(row) => String(row[table.key])}
          loading={loading && data === null}
          empty={
            filter ? (
              <SpaceBetween size="s">
                <span>
                  No row has this {filter.column}. Text columns find what contains your words; other columns need the
                  exact value.
                </span>
                <Button onClick={() => setParams({ column: null, value: null, after: null, trail: null })}>
                  Clear the filter
                </Button>
              </SpaceBetween>
            ) : (
              `${table.name} has no rows${after ? " after this key" : ""} yet. Add one here, or upload a file.`
            )
          }
          header={
            <Header
              variant="h2"
              counter={data ? `(${rows.length}${data.next === null ? "" : "+"})` : ""}
              actions={
                <SpaceBetween direction="horizontal" size="m" alignItems="center">
                  <Select
                    selectedOption={{ value: String(size), label: counted(size, "row") }}
                    options={SIZES.map((one) => ({ value: String(one), label: counted(one, "row") }))}
                    onChange={({ detail }) =>
                      setParams({ size: detail.selectedOption.value, after: null, trail: null })
                    }
                    ariaLabel="Rows on a page"
                  />
                  {pager}
                </SpaceBetween>
              }
            >
              Rows
            </Header>
          }
        />
        <SpaceBetween direction="horizontal" size="m" alignItems="center">
          <Box color="text-body-secondary" fontSize="body-s">
            In the order of {table.key}. Times are in UTC.
          </Box>
          {pager}
        </SpaceBetween>
      </SpaceBetween>
      {deleting && (
        <DeleteRow
          table={table}
          row={deleting}
          onClose={() => setDeleting(null)}
          onDeleted={() => {
            setDeleting(null);
            reload();
          }}
        />
      )}
    </ContentLayout>
  );
}

const NO_ROWS: readonly Row[] = [];

interface FilterProps {
  table: Table;
  tables: readonly Table[];
  column: Column | undefined;
  value: string;
  onFilter: (column: string | null, value: string | null) => void;
}

/** A column and the text to search in it. */
function Filter({ table, tables, column, value, onFilter }: FilterProps) {
  const [name, setName] = useState(column?.name ?? firstColumn(table).name);
  const [text, setText] = useState(value);
  const chosen = table.columns.find((one) => one.name === name) ?? firstColumn(table);
  const searched: Column = { ...chosen, required: false, type: searchType(chosen.type) };

  function apply(event?: FormEvent) {
    event?.preventDefault();
    onFilter(text.trim() === "" ? null : chosen.name, text.trim() === "" ? null : text);
  }

  return (
    <form onSubmit={apply}>
      <FormField label="Filter" stretch>
        <Grid
          gridDefinition={[
            { colspan: { default: 12, xxs: 3 } },
            { colspan: { default: 12, xxs: 5 } },
            { colspan: { default: 12, xxs: 4 } },
          ]}
        >
          <Select
            selectedOption={{ value: chosen.name, label: chosen.name }}
            options={table.columns.map((one) => ({ value: one.name, label: one.name }))}
            onChange={({ detail }) => {
              setName(detail.selectedOption.value ?? "");
              setText("");
            }}
            ariaLabel="Column that is searched"
          />
          <FieldInput
            column={searched}
            value={text}
            onChange={setText}
            tables={tables}
            placeholder={chosen.type.startsWith("string") ? `${chosen.name} contains` : `${chosen.name} is`}
          />
          <SpaceBetween direction="horizontal" size="xs">
            <Button formAction="submit">Filter</Button>
            <Button
              formAction="none"
              variant="link"
              disabled={value === "" && text === ""}
              onClick={() => {
                setText("");
                onFilter(null, null);
              }}
            >
              Clear
            </Button>
          </SpaceBetween>
        </Grid>
      </FormField>
    </form>
  );
}

/** Long texts are searched on one line. */
function searchType(type: string): string {
  return type.startsWith("string") ? "string(255)" : type;
}

function firstColumn(table: Table): Column {
  const text = table.columns.find((one) => one.type.startsWith("string"));
  const first = text ?? table.columns[0];
  if (!first) {
    throw new Error(`${table.name} has no columns`);
  }
  return first;
}
