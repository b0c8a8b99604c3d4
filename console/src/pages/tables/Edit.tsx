import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { ProblemError } from "../../api/problem";
import { getRow, insertRows, putRow } from "../../api/tables";
import type { Row, Table, Value } from "../../api/types";
import { useResource } from "../../api/use";
import { Cell } from "../../components/list/Cell";
import { DataTable } from "../../components/list/DataTable";
import type { Difference } from "../../components/difference";
import { DetailPage } from "../../components/DetailPage";
import { Waiting } from "../../components/feedback/Loaded";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { RowForm } from "../../components/form/RowForm";
import { useNames } from "../../components/form/references";
import { type Draft, draftOf, rowOf } from "../../components/form/rules";
import { keyColumns, keyLabel, keyOf } from "../../components/keys";
import { useSession } from "../../session";
import { useStored } from "../../shell/storage";
import { useNotify } from "../../shell/notifications";
import { href, navigate } from "../../shell/route";
import { type Changes, changesOf, filledIn, overtaken } from "./changes";
import { DeleteRow } from "./DeleteRow";
import { freeKey } from "./freeKey";
import { lastList } from "./list";

interface Props {
  table: Table;
  tables: readonly Table[];
}

/** Goes back to the table, on the page and with the filter that it was left with. */
function leave(table: Table) {
  navigate(lastList(table.name) ?? href(["tables", table.name]));
}

function Frame({ table, title, children }: { table: Table; title: string; children: ReactNode }) {
  return (
    <DetailPage
      above={[
        { text: "Tables", href: href(["tables"]) },
        { text: table.name, href: href(["tables", table.name]) },
      ]}
      title={title}
      description={table.description}
    >
      {children}
    </DetailPage>
  );
}

/** Adds a row. */
export function NewRow({ table, tables }: Props) {
  const notify = useNotify();
  const { can } = useSession();
  const [draft, setDraft] = useStored<Draft | null>(`new/${table.name}`, null);
  const clear = () => setDraft(null);
  const [isKept, setIsKept] = useState(draft !== null);
  const suggested = useResource(
    async (signal) => (draft === null && can("write") ? freeKey(table, signal) : null),
    [table.name, isKept],
  );
  const title = `Add to ${table.name}`;
  if (!can("write")) {
    return (
      <Frame table={table} title={title}>
        <Box color="text-body-secondary">
          Your account may read rows, not add any. Ask an operator for the group writer.
        </Box>
      </Frame>
    );
  }
  return (
    <Frame table={table} title={title}>
      {isKept && (
        <Box padding={{ bottom: "m" }}>
          <Alert
            type="info"
            header="This was filled in before, and not added yet"
            action={
              <Button
                onClick={() => {
                  clear();
                  setIsKept(false);
                }}
              >
                Begin again
              </Button>
            }
          />
        </Box>
      )}
      <RowForm
        table={table}
        tables={tables}
        draft={draft ?? (suggested.data ? { [table.key]: suggested.data } : {})}
        onChange={setDraft}
        saveText="Add"
        onCancel={() => {
          clear();
          leave(table);
        }}
        onSave={async (filled) => {
          const answer = await insertRows(table.name, [rowOf(table.columns, filled) as Row]);
          const rejected = answer.tables[table.name]?.rejected[0];
          if (rejected) {
            throw new ProblemError({
              type: "urn:rowgate:problem:invalid-row",
              title: "The row breaks rules of its table",
              status: 422,
              detail: rejected.errors.map(({ message }) => message).join("; "),
              errors: rejected.errors,
            });
          }
          clear();
          notify({
            type: "success",
            content: `Added ${table.name} ${keyColumns(table)
              .map((name) => filled[name] ?? "")
              .join(", ")}.`,
          });
          leave(table);
        }}
      />
    </Frame>
  );
}

/** Edits a row that is there, or shows it to those who may not. */
export function EditRow({ table, tables, id }: Props & { id: string }) {
  const { can } = useSession();
  const { data: row, error, reload } = useResource((signal) => getRow(table.name, id, signal), [table.name, id]);
  const title = `${can("write") ? "Edit" : "Row of"} ${table.name} ${keyLabel(id)}`;
  if (error) {
    return (
      <Frame table={table} title={title}>
        <ProblemAlert error={error} header={`${table.name} ${keyLabel(id)} could not be read`} onRetry={reload} />
      </Frame>
    );
  }
  return (
    <Frame table={table} title={title}>
      {row === null ? (
        <Waiting />
      ) : can("write") ? (
        <EditForm key={keyOf(table, row)} table={table} tables={tables} read={row} />
      ) : (
        <ShownRow table={table} tables={tables} row={row} />
      )}
    </Frame>
  );
}

/**
 * The form of a row. What is not saved yet is kept as changes, so that all else is as the table has
 * it now.
 */
function EditForm({ table, tables, read }: Props & { read: Row }) {
  const notify = useNotify();
  const { can } = useSession();
  const [row, setRow] = useState(read);
  const key = keyOf(table, row);
  const id = keyLabel(key);
  const [changes, setChanges] = useStored<Changes | null>(`changes/${table.name}/${key}`, null);
  const clear = () => setChanges(null);
  // Only changes kept from before the page was opened are announced.
  const [isKept, setIsKept] = useState(changes !== null);
  const [deleting, setDeleting] = useState(false);
  const before = useMemo(() => draftOf(table.columns, row), [table, row]);
  const theirs = changes ? overtaken(changes, before) : [];

  function undo() {
    clear();
    setIsKept(false);
  }

  async function save(filled: Draft) {
    if (changes === null) {
      notify({ type: "info", content: `Nothing of ${table.name} ${id} was changed.` });
      leave(table);
      return;
    }
    // A PUT replaces the whole row and takes no condition, so it is sent for the row that is shown
    // alone.
    const now = await getRow(table.name, key);
    if (overtaken({ on: before, values: {} }, draftOf(table.columns, now)).length > 0) {
      setRow(now);
      return;
    }
    await putRow(table.name, key, rowOf(table.columns, filled) as Record<string, Value>);
    clear();
    notify({ type: "success", content: `Saved ${table.name} ${id}.` });
    leave(table);
  }

  return (
    <SpaceBetween size="m">
      {isKept && changes !== null && (
        <Alert type="info" header="Changes that are not saved yet">
          {Object.keys(changes.values).join(", ")}: changed here before. Save, or undo the changes.
        </Alert>
      )}
      {changes !== null && theirs.length > 0 && <Overtaken theirs={theirs} changes={changes} />}
      <RowForm
        table={table}
        tables={tables}
        draft={filledIn(before, changes)}
        onChange={(form) => {
          const next = changesOf(changes?.on ?? before, before, form);
          if (next === null) {
            undo();
          } else {
            setChanges(next);
          }
        }}
        keyFixed
        saveText="Save"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {can("operate") && (
              <Button formAction="none" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            )}
            {changes !== null && (
              <Button formAction="none" onClick={undo}>
                Undo changes
              </Button>
            )}
          </SpaceBetween>
        }
        onCancel={() => {
          clear();
          leave(table);
        }}
        onSave={save}
      />
      {deleting && (
        <DeleteRow
          table={table}
          row={row}
          onClose={() => setDeleting(false)}
          onDeleted={() => {
            clear();
            leave(table);
          }}
        />
      )}
    </SpaceBetween>
  );
}

/** The changes that others have made since the changes of this form were begun. */
function Overtaken({ theirs, changes }: { theirs: readonly Difference[]; changes: Changes }) {
  const top = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Newer browsers answer with a promise, which React would take for what cleans up.
    void top.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={top} aria-live="polite">
      <SpaceBetween size="s">
        <Alert type="warning" header="Somebody else has changed the row">
          Nothing is saved yet. Save again to put your changes on top of theirs, or undo yours.
        </Alert>
        <DataTable
          label="What somebody else has changed"
          items={theirs}
          id={({ column }) => column}
          empty="Nothing."
          columns={[
            { id: "column", header: "Column", title: true, cell: ({ column }) => column },
            { id: "before", header: "When you began", cell: (one) => one.before || "none" },
            { id: "now", header: "Now", cell: (one) => one.after || "none" },
            {
              id: "yours",
              header: "Yours",
              cell: ({ column }) => (column in changes.values ? changes.values[column] || "none" : "not changed"),
            },
          ]}
        />
      </SpaceBetween>
    </div>
  );
}

function ShownRow({ table, tables, row }: Props & { row: Row }) {
  const rows = useMemo(() => [row], [row]);
  const names = useNames(tables, table, rows);
  return (
    <Container>
      <KeyValuePairs
        columns={2}
        items={table.columns.map((column) => ({
          label: column.name,
          value: <Cell column={column} value={row[column.name]} names={names} />,
        }))}
      />
    </Container>
  );
}
