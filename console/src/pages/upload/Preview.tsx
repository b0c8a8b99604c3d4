import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TableView from "@cloudscape-design/components/table";
import type { Check, CheckedRow, Table } from "../../api/types";
import { ErrorText } from "../../components/feedback/ErrorText";

interface Props {
  table: Table;
  check: Check;
}

/** The first rows, as they would be in the table; what would be refused says why. */
export function Preview({ table, check }: Props) {
  const read = new Set(check.columns.map(({ column }) => column).filter((column) => column !== null));
  const columns = table.columns.filter(({ name }) => read.size === 0 || read.has(name));
  const others = (row: CheckedRow) =>
    row.errors.filter((error) => !columns.some((column) => column.name === error.column));
  const general = check.rows.some((row) => others(row).length > 0);
  return (
    <TableView
      variant="embedded"
      header={
        <Header variant="h3" description={`As they would stand in ${table.name}.`}>
          The first rows
        </Header>
      }
      items={check.rows}
      trackBy={(row) => String(row.line)}
      wrapLines
      ariaLabels={{ tableLabel: "The first rows of the file" }}
      columnDefinitions={[
        {
          id: "line",
          header: "Line",
          cell: (row: CheckedRow) => <Box color="text-body-secondary">{row.line}</Box>,
          width: 80,
        },
        ...columns.map((column) => ({
          id: `column ${column.name}`,
          header: column.name,
          minWidth: 120,
          cell: (row: CheckedRow) => <CheckedCell row={row} column={column.name} />,
        })),
        ...(general
          ? [
              {
                id: "row",
                header: "The row",
                minWidth: 160,
                cell: (row: CheckedRow) => <Errors messages={others(row).map(({ message }) => message)} />,
              },
            ]
          : []),
      ]}
    />
  );
}

function CheckedCell({ row, column }: { row: CheckedRow; column: string }) {
  const value = row.values[column];
  const messages = row.errors.filter((error) => error.column === column).map(({ message }) => message);
  const shown =
    value === null || value === undefined || value === "" ? (
      <Box color="text-status-inactive">{messages.length > 0 ? "(empty)" : "–"}</Box>
    ) : (
      value
    );
  return messages.length === 0 ? (
    shown
  ) : (
    <SpaceBetween size="xxs">
      {shown}
      <Errors messages={messages} />
    </SpaceBetween>
  );
}

function Errors({ messages }: { messages: string[] }) {
  return messages.map((message) => <ErrorText key={message}>{message}</ErrorText>);
}
