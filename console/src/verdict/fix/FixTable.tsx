import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useMemo, useState } from "react";
import type { FileSettings, Load, Table as TableOf } from "../../api/types";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { count, counted } from "../../components/format";
import { useStored } from "../../shell/storage";
import { outbox, useOutgoing } from "../outbox/outbox";
import type { ReadRejects } from "../rejects/readRejects";
import { fixedName, writeRejects } from "../rejects/rejects";
import { DUPLICATES, edit, type Fix, NO_FIX, open, rowState, type SentAgain } from "./fix";
import { type Item, RefusedRows } from "./RefusedRows";
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

/**
 * The refused rows of a load, to mend in place and send again; what became of them is shown below.
 */
export function FixTable({ load, rejects, tables, settings, editable, allIn, onAgain }: Props) {
  const table = tables.find((table) => table.name === load.table);
  const task = `fix.${load.load}`;
  const [fix, setFix] = useStored<Fix>(task, NO_FIX);
  const [page, setPage] = useState(1);
  const [showAll, setShowAll] = useState(false);
  const outgoing = useOutgoing(task);
  const sending = outgoing !== null && outgoing.error === null;

  const left = useMemo(() => open(rejects.rows, fix), [rejects.rows, fix]);
  // It is not known which rows other tabs sent.
  const hidden = allIn && !showAll && left.length > 0;
  const items = useMemo<Item[]>(
    () => (hidden ? [] : left.map((row) => ({ row, state: rowState(row, fix, table, settings) }))),
    [left, hidden, fix, table, settings],
  );
  const ready = items.filter(({ state }) => state.ready);
  const duplicates = rejects.rows.some((row) => row.errors.some(({ code }) => DUPLICATES.has(code)));

  const send = () => {
    const rows = ready.map(({ row, state }) => ({ ...row, values: state.values }));
    const sent: SentAgain = { key: "", lines: rows.map(({ line }) => line), before: [], load: null };
    void outbox.send(task, {
      file: new Blob([writeRejects(rejects, rows)], { type: "text/csv" }),
      request: {
        table: load.table,
        file: fixedName(load.load, new Date()),
        mode: fix.replace || load.mode === "upsert" ? "upsert" : "append",
        settings,
      },
      onStarted: ({ key }, before) => Object.assign(sent, { key, before }),
      onArrived: () => {
        setFix((fix) => ({ ...fix, sent: [...fix.sent, sent] }));
        setPage(1);
      },
    });
  };

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
      <RefusedRows
        page={page}
        onPage={setPage}
        items={items}
        columns={rejects.columns}
        table={table}
        tables={tables}
        editable={editable}
        header={header}
        empty={empty}
        onEdit={(line, column, value) => setFix((fix) => edit(fix, line, column, value))}
        onLeaveOut={(line) => setFix((fix) => ({ ...fix, dropped: [...fix.dropped, line] }))}
      />
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
