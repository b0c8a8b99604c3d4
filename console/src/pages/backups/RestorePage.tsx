import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
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
import { JobState } from "../../components/feedback/BackupStatus";
import { ConfirmModal } from "../../components/feedback/ConfirmModal";
import { DataTable } from "../../components/list/DataTable";
import { count, duration, time } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useSession } from "../../session";
import { useNotify } from "../../shell/notifications";
import { href } from "../../shell/route";
import { change, keptCounts, percent } from "./counts";
import { isUndoable, kindOf } from "./words";

const OFTEN = 2000;

/** A restore or a verification, followed until its end. */
export function RestorePage({ id }: { id: string }) {
  const { can } = useSession();
  const notify = useNotify();
  const [running, setRunning] = useState(true);
  const { data, error, reload } = useResource(
    async (signal) => {
      const found = await getRestore(id, signal);
      setRunning(found.status === "running");
      return found;
    },
    [id],
    { every: running ? OFTEN : null },
  );
  const source = data?.kind === "backup" ? data.source : null;
  const backup = useResource(async (signal) => (source ? getBackup(source, signal) : null), [source]);
  const [undoing, setUndoing] = useState(false);
  const what = data ? kindOf(data) : "Restore";

  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[
            { text: "Backups", href: href(["backups"]) },
            { text: `${what} ${id}`, href: "" },
          ]}
        />
      }
      header={
        <Header
          variant="h1"
          actions={
            can("operate") &&
            data &&
            isUndoable(data) && <Button onClick={() => setUndoing(true)}>Undo the restore</Button>
          }
        >
          {what} {id}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert error={error} header="The restore could not be read" onRetry={reload} />
        {!data && !error && (
          <Box textAlign="center" padding="xxl">
            <Spinner size="large" />
          </Box>
        )}
        {data && (
          <>
            <Outcome restore={data} />
            <Container>
              <SpaceBetween size="m">
                {data.status === "running" && <Progress done={percent(data, backup.data)} what={what} />}
                <KeyValuePairs
                  columns={3}
                  items={[
                    { label: "State", value: <JobState status={data.status} /> },
                    {
                      label: data.kind === "put_back" ? "Of the restore" : "Of the backup",
                      value:
                        data.kind === "files" ? (
                          data.source
                        ) : (
                          <Link href={href(["backups", data.kind === "put_back" ? "restore" : "backup", data.source])}>
                            {data.source}
                          </Link>
                        ),
                    },
                    { label: "Began", value: time(data.started_at) },
                    { label: "Took", value: duration(data.started_at, data.finished_at) },
                    { label: "Attempts", value: count(data.attempts) },
                  ]}
                />
              </SpaceBetween>
            </Container>
            <Tables restore={data} />
          </>
        )}
      </SpaceBetween>
      {undoing && data && (
        <ConfirmModal
          header="Undo the restore"
          confirmText="Undo"
          typed={id}
          failedHeader="The restore was not undone"
          onClose={() => setUndoing(false)}
          onConfirm={async () => {
            const { tables } = await undoRestore(id);
            setUndoing(false);
            notify({
              type: "success",
              content: `The restore is undone: ${Object.keys(tables).join(", ")} as before it.`,
            });
            reload();
          }}
        >
          <Box>
            The tables become what they were before the restore:{" "}
            {Object.entries(data.tables)
              .filter(([, { kept }]) => kept)
              .map(([name]) => name)
              .join(", ")}
            . What was changed since the restore is gone from them.
          </Box>
        </ConfirmModal>
      )}
    </ContentLayout>
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
        {restore.error ?? "No reason is known."}{" "}
        {restore.mode === "replace" ? "The tables are as they were." : "Start another backup, and verify that one."}
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
  const before = keptCounts(restore.restore);
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
