import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Cards from "@cloudscape-design/components/cards";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Pagination from "@cloudscape-design/components/pagination";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import Toggle from "@cloudscape-design/components/toggle";
import { useMemo, useState } from "react";
import type { FileSettings, Load, Mode, Table as TableOf } from "../../api/types";
import { count, counted } from "../../components/format";
import { nameColumn } from "../../components/form/references";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useNarrow } from "../../components/useNarrow";
import { useKept } from "../../shell/kept";
import { DUPLICATES, edit, type Fix, NO_FIX, open, type RowState, rowState, type SentAgain } from "./fix";
import { ErrorText } from "../../components/feedback/ErrorText";
import { outbox, useOutgoing } from "../outbox/outbox";
import type { ReadRejects } from "../rejects/readRejects";
import { ReferenceField } from "./ReferenceField";
import { fixedName, type RefusedRow, remedyOf, writeRejects } from "../rejects/rejects";
import { SentLoad } from "./SentLoad";

interface Props {
  load: Load;
  rejects: ReadRejects;
  /** The tables that the caller sees. */
  tables: TableOf[];
  settings?: FileSettings;
  /** False: what was refused is shown, and cannot be sent again. */
  editable: boolean;
  /** True where as many rows as were refused have come in since, from wherever they were sent. */
  allIn: boolean;
  /** Hears of every load of what was sent again, from here or from below. */
  onAgain: (load: Load) => void;
}

const PAGE_ROWS = 10;

interface Item {
  row: RefusedRow;
  state: RowState;
}

/** Room for what a column's values mostly are, in pixels. */
function widthOf(table: TableOf | undefined, name: string): number {
  const type = table?.columns.find((column) => column.name === name)?.type ?? "";
  return type.startsWith("string") ? 140 : type === "timestamp" ? 220 : 105;
}

/**
 * The refused rows of a load, to mend in place and send again; what became of them is shown below.
 */
export function FixTable({ load, rejects, tables, settings, editable, allIn, onAgain }: Props) {
  const table = tables.find((table) => table.name === load.table);
  const [fix, setFix] = useKept<Fix>(`fix.${load.load}`, NO_FIX);
  const [page, setPage] = useState(1);
  const [showAll, setShowAll] = useState(false);
  const task = `fix.${load.load}`;
  const outgoing = useOutgoing(task);
  const sending = outgoing !== null && outgoing.error === null;
  const narrow = useNarrow();

  const left = useMemo(() => open(rejects.rows, fix), [rejects.rows, fix]);
  // Other tabs do not tell which rows they sent.
  const hidden = allIn && !showAll && left.length > 0;
  const rows = useMemo(() => (hidden ? [] : left), [hidden, left]);
  const items = useMemo<Item[]>(
    () => rows.map((row) => ({ row, state: rowState(row, fix, table, settings) })),
    [rows, fix, table, settings],
  );
  const ready = items.filter(({ state }) => state.ready);
  const duplicates = rejects.rows.some((row) => row.errors.some(({ code }) => DUPLICATES.has(code)));
  const pages = Math.max(1, Math.ceil(items.length / PAGE_ROWS));
  const current = Math.min(page, pages);
  const shown = items.slice((current - 1) * PAGE_ROWS, current * PAGE_ROWS);
  const mode: Mode = fix.replace || load.mode === "upsert" ? "upsert" : "append";

  const change = (line: number, column: string, value: string) => setFix((fix) => edit(fix, line, column, value));
  const drop = (line: number) => setFix((fix) => ({ ...fix, dropped: [...fix.dropped, line] }));

  const send = () => {
    const text = writeRejects(
      rejects,
      ready.map(({ row, state }) => ({ ...row, values: state.values })),
    );
    const sent: SentAgain = {
      key: "",
      lines: ready.map(({ row }) => row.line),
      before: [],
      load: null,
    };
    void outbox.send(task, {
      file: new Blob([text], { type: "text/csv" }),
      request: { table: load.table, file: fixedName(load.load, new Date()), mode, settings },
      onStarted: ({ key }, before) => Object.assign(sent, { key, before }),
      onArrived: () => {
        setFix((fix) => ({ ...fix, sent: [...fix.sent, sent] }));
        setPage(1);
      },
    });
  };

  const referenceOf = (column: string | null) => {
    const name = table?.columns.find((one) => one.name === column)?.references ?? null;
    const referred = tables.find((one) => one.name === name);
    const named = editable && nameColumn(referred) ? referred : undefined;
    return column === null || name === null ? undefined : { column, table: name, named };
  };

  const field = ({ row, state }: Item, column: string, labelled: boolean) => {
    const fault = state.faults[column];
    const named = referenceOf(column)?.named;
    const place = `${column}, line ${row.line}`;
    const label = fault ? `${place}: ${fault}` : place;
    const input = named ? (
      <ReferenceField
        table={named}
        value={state.values[column] ?? ""}
        onChange={(value) => change(row.line, column, value)}
        invalid={fault !== undefined}
        label={label}
        place={place}
      />
    ) : (
      <Input
        value={state.values[column] ?? ""}
        onChange={({ detail }) => change(row.line, column, detail.value)}
        invalid={fault !== undefined}
        readOnly={!editable}
        autoComplete={false}
        ariaLabel={label}
      />
    );
    return labelled ? (
      <FormField label={column} errorText={fault} stretch>
        {input}
      </FormField>
    ) : (
      <FormField errorText={fault} stretch>
        {input}
      </FormField>
    );
  };

  const remedies = (row: RefusedRow) => {
    const all = row.errors.map(({ code, column }) => {
      const reference = referenceOf(column);
      return remedyOf(code, reference && { ...reference, named: reference.named !== undefined });
    });
    return [...new Set(all)];
  };

  const why = ({ row, state }: Item) =>
    state.ready ? (
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
        {remedies(row).map((remedy) => (
          <Box key={remedy} variant="small" color="text-body-secondary">
            {remedy}
          </Box>
        ))}
      </SpaceBetween>
    );

  const leaveOut = ({ row }: Item) => (
    <Button
      variant="inline-icon"
      iconName="remove"
      ariaLabel={`Leave line ${row.line} out`}
      onClick={() => drop(row.line)}
    />
  );

  const header = (
    <Header
      variant="h3"
      counter={`(${count(items.length)})`}
      description={
        editable && items.length > 0
          ? "Correct the fields that are marked; everything you type is kept. Rows that are ready go together."
          : undefined
      }
      actions={
        editable &&
        items.length > 0 && (
          <Button variant="primary" iconName="send" disabled={ready.length === 0} loading={sending} onClick={send}>
            {ready.length === 0 ? "Send again" : `Send ${counted(ready.length, "row")} again`}
          </Button>
        )
      }
    >
      Refused rows
    </Header>
  );
  const empty = (
    <Box textAlign="center" padding="m" color="text-body-secondary">
      {rejects.more > 0 && !allIn ? "The others are in the file to download." : "Every refused row is dealt with."}
      {hidden && (
        <>
          {" "}
          <Button variant="inline-link" onClick={() => setShowAll(true)}>
            Show them all the same
          </Button>
        </>
      )}
    </Box>
  );
  const pagination = pages > 1 && (
    <Pagination
      currentPageIndex={current}
      pagesCount={pages}
      onChange={({ detail }) => setPage(detail.currentPageIndex)}
      ariaLabels={{ nextPageLabel: "Next rows", previousPageLabel: "Rows before", pageLabel: (page) => `Page ${page}` }}
    />
  );

  return (
    <SpaceBetween size="m">
      {outgoing?.error && (
        <ProblemAlert error={outgoing.error} header="The rows were not sent" onDismiss={() => outbox.dismiss(task)} />
      )}
      {rejects.more > 0 && (
        <Alert type="info">
          The first {count(rejects.rows.length)} refused rows are shown.{" "}
          {counted(rejects.more, "more row", "more rows")} {rejects.more === 1 ? "is" : "are"} in the file to download:
          correct it, and upload it like any other.
        </Alert>
      )}
      {editable && duplicates && load.mode !== "upsert" && (
        <Toggle checked={fix.replace} onChange={({ detail }) => setFix((fix) => ({ ...fix, replace: detail.checked }))}>
          Replace rows that are in the table under the same id
        </Toggle>
      )}
      {sending && (
        <ProgressBar
          value={outgoing.file.size === 0 ? 100 : (100 * outgoing.sent) / outgoing.file.size}
          label="Sending the corrected rows"
        />
      )}
      {narrow ? (
        <Cards
          header={header}
          items={shown}
          trackBy={({ row }) => String(row.line)}
          cardsPerRow={[{ cards: 1 }]}
          empty={empty}
          pagination={pagination}
          ariaLabels={{ cardsLabel: "Refused rows", itemSelectionLabel: () => "", selectionGroupLabel: "" }}
          cardDefinition={{
            header: (item) => (
              <SpaceBetween direction="horizontal" size="s" alignItems="center">
                <span>Line {item.row.line}</span>
                {editable && leaveOut(item)}
              </SpaceBetween>
            ),
            sections: [
              { id: "why", content: why },
              ...rejects.columns.map((column) => ({ id: column, content: (item: Item) => field(item, column, true) })),
            ],
          }}
        />
      ) : (
        <Table
          variant="embedded"
          header={header}
          items={shown}
          trackBy={({ row }) => String(row.line)}
          wrapLines
          empty={empty}
          pagination={pagination}
          ariaLabels={{ tableLabel: "Refused rows" }}
          columnDefinitions={[
            {
              id: "line",
              header: "Line",
              cell: (item) => (
                <SpaceBetween size="xxs">
                  <span>{item.row.line}</span>
                  {editable && leaveOut(item)}
                </SpaceBetween>
              ),
              width: 70,
            },
            ...rejects.columns.map((column) => ({
              id: `column ${column}`,
              header: column,
              cell: (item: Item) => field(item, column, false),
              minWidth: widthOf(table, column),
            })),
            { id: "why", header: "What to do", cell: why, minWidth: 140 },
          ]}
        />
      )}
      {fix.dropped.length > 0 && (
        <Box color="text-body-secondary">
          {counted(fix.dropped.length, "row")} left out.{" "}
          <Button variant="inline-link" onClick={() => setFix((fix) => ({ ...fix, dropped: [] }))}>
            Bring back
          </Button>
        </Box>
      )}
      {fix.sent.map((sent, index) => (
        <SentLoad
          key={sent.key}
          sent={sent}
          settings={settings}
          onAgain={onAgain}
          onLoad={(load) => {
            onAgain(load);
            setFix((fix) => ({
              ...fix,
              sent: fix.sent.map((one, other) => (other === index ? { ...one, load: load.load } : one)),
            }));
          }}
        />
      ))}
    </SpaceBetween>
  );
}
