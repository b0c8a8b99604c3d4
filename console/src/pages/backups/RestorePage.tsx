import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import { getBackup, getRestore, undoRestore } from "../../api/backups";
import type { Restore } from "../../api/types";
import { useResource } from "../../api/use";
import { DetailPage } from "../../components/DetailPage";
import { JobState } from "../../components/feedback/BackupStatus";
import { ConfirmModal } from "../../components/feedback/ConfirmModal";
import { DataTable } from "../../components/list/DataTable";
import { count, duration, time } from "../../components/format";
import { Loaded } from "../../components/feedback/Loaded";
import { useSession } from "../../session";
import { useNotify } from "../../shell/notifications";
import { href } from "../../shell/route";
import { change, storedCounts, percent } from "./counts";
import { isUndoable, kindOf } from "./words";

const OFTEN = 2000;

/** A restore or a verification, followed until its end. */
export function RestorePage({ id }: { id: string }) {
  const { can } = useSession();
  const restore = useResource((signal) => getRestore(id, signal), [id], {
    every: (found) => (found === null || found.status === "running" ? OFTEN : null),
  });
  const [undoing, setUndoing] = useState(false);
  const { data } = restore;
  const what = data ? kindOf(data) : "Restore";
  return (
    <DetailPage
      above={[{ text: "Backups", href: href(["backups"]) }]}
      title={`${what} ${id}`}
      actions={
        can("operate") && data && isUndoable(data) && <Button onClick={() => setUndoing(true)}>Undo the restore</Button>
      }
    >
      <Loaded resource={restore} header="The restore could not be read">
        {(restore) => (
          <>
            <Outcome restore={restore} />
            <Facts restore={restore} />
            <Tables restore={restore} />
          </>
        )}
      </Loaded>
      {undoing && data && (
        <Undo
          restore={data}
          onClose={() => setUndoing(false)}
          onUndone={() => {
            setUndoing(false);
            restore.reload();
          }}
        />
      )}
    </DetailPage>
  );
}

function Facts({ restore }: { restore: Restore }) {
  const { kind, source } = restore;
  const ofBackup = kind === "backup" ? source : null;
  const backup = useResource(async (signal) => (ofBackup ? getBackup(ofBackup, signal) : null), [ofBackup]);
  const page = kind === "put_back" ? "restore" : "backup";
  return (
    <Container>
      <SpaceBetween size="m">
        {restore.status === "running" && <Progress done={percent(restore, backup.data)} what={kindOf(restore)} />}
        <KeyValuePairs
          columns={3}
          items={[
            { label: "State", value: <JobState status={restore.status} /> },
            {
              label: kind === "put_back" ? "Of the restore" : "Of the backup",
              value: kind === "files" ? source : <Link href={href(["backups", page, source])}>{source}</Link>,
            },
            { label: "Began", value: time(restore.started_at) },
            { label: "Took", value: duration(restore.started_at, restore.finished_at) },
            { label: "Attempts", value: count(restore.attempts) },
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}

/** Asks before a restore is undone. */
function Undo({ restore, onClose, onUndone }: { restore: Restore; onClose: () => void; onUndone: () => void }) {
  const notify = useNotify();
  return (
    <ConfirmModal
      header="Undo the restore"
      confirmText="Undo"
      typed={restore.restore}
      failedHeader="The restore was not undone"
      onClose={onClose}
      onConfirm={async () => {
        const { tables } = await undoRestore(restore.restore);
        notify({
          type: "success",
          content: `The restore is undone: ${Object.keys(tables).join(", ")} as before it.`,
        });
        onUndone();
      }}
    >
      <Box>
        The tables become what they were before the restore:{" "}
        {Object.entries(restore.tables)
          .filter(([, { kept }]) => kept)
          .map(([name]) => name)
          .join(", ")}
        . What was changed since the restore is gone from them.
      </Box>
    </ConfirmModal>
  );
}

function Progress({ done, what }: { done: number | null; what: string }) {
  return done === null ? (
    <Box>
      <Spinner /> {what} under way. This page may be left; it goes on.
    </Box>
  ) : (
    <ProgressBar
      value={done}
      label={`${what} under way`}
      description="This page may be left; it goes on."
      additionalInfo="Rows of the backup that were read, of all of them."
    />
  );
}

function Outcome({ restore }: { restore: Restore }) {
  if (restore.status === "failed") {
    return (
      <Alert type="error" header={`${kindOf(restore)} failed`}>
        {restore.error ?? "No reason is known."}
        {restore.mode === "verify" && " Start another backup, and verify that one."}
      </Alert>
    );
  }
  if (restore.status === "completed" && restore.mode === "verify") {
    return (
      <Alert type="success" header="The backup is good">
        All of it was read back, and its rows and checksums are those of its manifest. No table was touched.
      </Alert>
    );
  }
  return null;
}

function Tables({ restore }: { restore: Restore }) {
  const before = storedCounts(restore.restore);
  const items = Object.entries(restore.tables).map(([table, figures]) => ({
    table,
    ...figures,
    before: before?.[table] ?? null,
    after: figures.rows_restored,
  }));
  const shown = (value: number | null) => (value === null ? "–" : count(value));
  const compared = before !== null && restore.mode === "replace";
  return (
    <DataTable
      label="Tables of the restore"
      items={items}
      id={({ table }) => table}
      empty="Its tables are not known yet."
      header={<Header variant="h2">Tables</Header>}
      columns={[
        { id: "table", header: "Table", title: true, cell: ({ table }) => table },
        ...(compared
          ? [{ id: "before", header: "Rows before", cell: (one: (typeof items)[number]) => shown(one.before) }]
          : []),
        { id: "read", header: "Rows read", cell: ({ rows_read }) => shown(rows_read) },
        {
          id: "after",
          header: restore.mode === "verify" ? "Rows checked" : "Rows after",
          cell: ({ after }) => shown(after),
        },
        ...(compared ? [{ id: "change", header: "Change", cell: (one: (typeof items)[number]) => change(one) }] : []),
        { id: "refused", header: "Refused", cell: ({ rows_rejected }) => shown(rows_rejected) },
        ...(restore.mode === "replace"
          ? [
              {
                id: "kept",
                header: "Can be undone",
                cell: ({ kept }: (typeof items)[number]) => (kept ? "Yes" : "No"),
              },
            ]
          : []),
      ]}
    />
  );
}
