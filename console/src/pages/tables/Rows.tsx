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
import { Pager } from "../../components/list/Pager";
import { FIRST_PAGE, usePaged } from "../../components/list/usePaged";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { type Names, useNames } from "../../components/form/references";
import { isText } from "../../components/form/rules";
import { isOfKey, keyColumns, keyLabel, keyOf } from "../../components/keys";
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
  const paged = usePaged();
  const size = SIZES.find((one) => String(one) === params.get("size")) ?? DEFAULT_SIZE;
  const column = table.columns.find((one) => one.name === params.get("column"));
  const value = params.get("value") ?? "";
  const filter = useMemo(() => (column && value !== "" ? { column: column.name, value } : null), [column, value]);
  const { data, error, loading, reload } = useResource(
    (signal) => listRows(table.name, { limit: size, after: paged.after || null, filter }, signal),
    [table.name, size, paged.after, filter],
  );
  const names = useNames(tables, table, data?.rows ?? NO_ROWS);
  const [deleting, setDeleting] = useState<Row | null>(null);

  const shown = params.toString();
  useEffect(
    () => keepList(table.name, href(["tables", table.name], Object.fromEntries(new URLSearchParams(shown)))),
    [table.name, shown],
  );

  const search = (column: string | null, value: string | null) => setParams({ column, value, ...FIRST_PAGE });
  const pager = <Pager paged={paged} next={data?.next} loading={loading} />;
  const columns = columnsOf(table, names);
  if (can("write")) {
    columns.push(actions(table, can("operate") ? setDeleting : null));
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
            onFilter={search}
          />
        </Grid>
        <ProblemAlert error={error} header="The rows could not be read" onRetry={reload} />
        <DataTable
          label={`Rows of ${table.name}`}
          columns={columns}
          items={data?.rows ?? null}
          id={(row) => keyOf(table, row)}
          loading={loading && data === null}
          empty={
            filter ? (
              <NotFound column={filter.column} onClear={() => search(null, null)} />
            ) : (
              `${table.name} has no rows${paged.after ? " after this key" : ""} yet. Add one here, or upload a file.`
            )
          }
          header={
            <Header
              variant="h2"
              counter={data ? `(${data.rows.length}${data.next === null ? "" : "+"})` : ""}
              actions={
                <SpaceBetween direction="horizontal" size="m" alignItems="center">
                  <Size size={size} onChange={(size) => setParams({ size, ...FIRST_PAGE })} />
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
            In the order of {keyColumns(table).join(", ")}. Times are in UTC.
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

const linkTo = (table: Table, row: Row) => href(["tables", table.name, "row", keyOf(table, row)]);

function columnsOf(table: Table, names: Names | null): DataColumn<Row>[] {
  return table.columns.map((one) => ({
    id: one.name,
    header: one.name,
    title: isOfKey(table, one.name),
    wide: one.references !== null || isText(one.type),
    cell: (row) => {
      const cell = <Cell column={one} value={row[one.name]} names={names} />;
      return isOfKey(table, one.name) ? (
        <Link href={linkTo(table, row)} ariaLabel={`${table.name} ${keyLabel(keyOf(table, row))}`}>
          {cell}
        </Link>
      ) : (
        cell
      );
    },
  }));
}

/** What can be done with a row. */
function actions(table: Table, onDelete: ((row: Row) => void) | null): DataColumn<Row> {
  return {
    id: "actions",
    header: "Actions",
    cell: (row) => (
      <SpaceBetween direction="horizontal" size="xxs">
        <Button
          variant="inline-icon"
          iconName="edit"
          ariaLabel={`Edit ${table.name} ${keyLabel(keyOf(table, row))}`}
          href={linkTo(table, row)}
        />
        {onDelete && (
          <Button
            variant="inline-icon"
            iconName="remove"
            ariaLabel={`Delete ${table.name} ${keyLabel(keyOf(table, row))}`}
            onClick={() => onDelete(row)}
          />
        )}
      </SpaceBetween>
    ),
  };
}

/** The text in place of the rows if the filter finds none. */
function NotFound({ column, onClear }: { column: string; onClear: () => void }) {
  return (
    <SpaceBetween size="s">
      <span>
        No row has this {column}. Text columns find what contains your words; other columns need the exact value.
      </span>
      <Button onClick={onClear}>Clear the filter</Button>
    </SpaceBetween>
  );
}

function Size({ size, onChange }: { size: number; onChange: (size: string | undefined) => void }) {
  return (
    <Select
      selectedOption={{ value: String(size), label: counted(size, "row") }}
      options={SIZES.map((one) => ({ value: String(one), label: counted(one, "row") }))}
      onChange={({ detail }) => onChange(detail.selectedOption.value)}
      ariaLabel="Rows on a page"
    />
  );
}

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
  return isText(type) ? "string(255)" : type;
}

function firstColumn(table: Table): Column {
  const text = table.columns.find((one) => isText(one.type));
  const first = text ?? table.columns[0];
  if (!first) {
    throw new Error(`${table.name} has no columns`);
  }
  return first;
}
