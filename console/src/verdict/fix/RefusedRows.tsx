import { isText } from "../../components/form/rules";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Cards from "@cloudscape-design/components/cards";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import type { Table as TableOf } from "../../api/types";
import { ErrorText } from "../../components/feedback/ErrorText";
import { nameColumn } from "../../components/form/references";
import { useNarrow } from "../../components/useNarrow";
import { type RefusedRow, remedyOf } from "../rejects/rejects";
import type { RowState } from "./fix";
import { ReferenceField } from "./ReferenceField";

const PAGE_ROWS = 10;

export interface Item {
  row: RefusedRow;
  state: RowState;
}

interface Props {
  items: readonly Item[];
  columns: readonly string[];
  /** The table of the load, and all tables that the caller sees. */
  table: TableOf | undefined;
  tables: readonly TableOf[];
  editable: boolean;
  page: number;
  onPage: (page: number) => void;
  header: ReactNode;
  empty: ReactNode;
  onEdit: (line: number, column: string, value: string) => void;
  onLeaveOut: (line: number) => void;
}

/** Refused rows with their reasons, to correct in place; on a narrow screen, cards. */
export function RefusedRows({ items, columns, table, tables, editable, page, onPage, onEdit, ...props }: Props) {
  const narrow = useNarrow();
  const pages = Math.max(1, Math.ceil(items.length / PAGE_ROWS));
  const current = Math.min(page, pages);

  const referenceOf = (column: string | null) => {
    const name = table?.columns.find((one) => one.name === column)?.references ?? null;
    const referred = tables.find((one) => one.name === name);
    const named = editable && nameColumn(referred) ? referred : undefined;
    return column === null || name === null ? undefined : { column, table: name, named };
  };
  const field = ({ row, state }: Item, column: string, labelled: boolean) => (
    <Field
      column={column}
      labelled={labelled}
      line={row.line}
      value={state.values[column] ?? ""}
      fault={state.faults[column]}
      named={referenceOf(column)?.named}
      editable={editable}
      onChange={(value) => onEdit(row.line, column, value)}
    />
  );
  const why = ({ row, state }: Item) => {
    const remedies = row.errors.map(({ code, column }) => {
      const reference = referenceOf(column);
      return remedyOf(code, reference && { ...reference, named: reference.named !== undefined });
    });
    return <Why row={row} state={state} remedies={new Set(remedies)} />;
  };
  const leaveOut = ({ row }: Item) =>
    editable && (
      <Button
        variant="inline-icon"
        iconName="remove"
        ariaLabel={`Leave line ${row.line} out`}
        onClick={() => props.onLeaveOut(row.line)}
      />
    );

  const shared = {
    header: props.header,
    empty: props.empty,
    items: items.slice((current - 1) * PAGE_ROWS, current * PAGE_ROWS),
    trackBy: ({ row }: Item) => String(row.line),
    pagination: pages > 1 && (
      <Pagination
        currentPageIndex={current}
        pagesCount={pages}
        onChange={({ detail }) => onPage(detail.currentPageIndex)}
        ariaLabels={{
          nextPageLabel: "Next rows",
          previousPageLabel: "Rows before",
          pageLabel: (page) => `Page ${page}`,
        }}
      />
    ),
  };
  return narrow ? (
    <Cards
      {...shared}
      cardsPerRow={[{ cards: 1 }]}
      ariaLabels={{ cardsLabel: "Refused rows", itemSelectionLabel: () => "", selectionGroupLabel: "" }}
      cardDefinition={{
        header: (item) => (
          <SpaceBetween direction="horizontal" size="s" alignItems="center">
            <span>Line {item.row.line}</span>
            {leaveOut(item)}
          </SpaceBetween>
        ),
        sections: [
          { id: "why", content: why },
          ...columns.map((column) => ({ id: column, content: (item: Item) => field(item, column, true) })),
        ],
      }}
    />
  ) : (
    <Table
      {...shared}
      variant="embedded"
      wrapLines
      ariaLabels={{ tableLabel: "Refused rows" }}
      columnDefinitions={[
        {
          id: "line",
          header: "Line",
          cell: (item) => (
            <SpaceBetween size="xxs">
              <span>{item.row.line}</span>
              {leaveOut(item)}
            </SpaceBetween>
          ),
          width: 70,
        },
        ...columns.map((column) => ({
          id: `column ${column}`,
          header: column,
          cell: (item: Item) => field(item, column, false),
          minWidth: widthOf(table, column),
        })),
        { id: "why", header: "What to do", cell: why, minWidth: 140 },
      ]}
    />
  );
}

/** Room for what a column's values mostly are, in pixels. */
function widthOf(table: TableOf | undefined, name: string): number {
  const type = table?.columns.find((column) => column.name === name)?.type ?? "";
  return isText(type) ? 140 : type.startsWith("timestamp") ? 220 : 105;
}

interface FieldProps {
  column: string;
  /** Shows the name of the column; a table has it in its head. */
  labelled: boolean;
  line: number;
  value: string;
  fault: string | undefined;
  /** The table that is referred to, if its rows have names. */
  named: TableOf | undefined;
  editable: boolean;
  onChange: (value: string) => void;
}

/** A value of a refused row. */
function Field({ column, labelled, line, value, fault, named, editable, onChange }: FieldProps) {
  const place = `${column}, line ${line}`;
  const shared = { value, invalid: fault !== undefined };
  const label = fault ? `${place}: ${fault}` : place;
  return (
    <FormField label={labelled ? column : undefined} errorText={fault} stretch>
      {named ? (
        <ReferenceField {...shared} table={named} onChange={onChange} label={label} place={place} />
      ) : (
        <Input
          {...shared}
          onChange={({ detail }) => onChange(detail.value)}
          readOnly={!editable}
          autoComplete={false}
          ariaLabel={label}
        />
      )}
    </FormField>
  );
}

/** Why a row was refused, and how to correct it. */
function Why({ row, state, remedies }: Item & { remedies: ReadonlySet<string> }) {
  return state.ready ? (
    <StatusIndicator type="success">Ready to be sent</StatusIndicator>
  ) : (
    <SpaceBetween size="xxs">
      {state.general.map((message) => (
        <ErrorText key={message}>{message}</ErrorText>
      ))}
      {row.over.length > 0 && (
        <Box variant="small">
          Left over, and not sent again: <Box variant="code">{row.over.join(" | ")}</Box>
        </Box>
      )}
      {[...remedies].map((remedy) => (
        <Box key={remedy} variant="small" color="text-body-secondary">
          {remedy}
        </Box>
      ))}
    </SpaceBetween>
  );
}
