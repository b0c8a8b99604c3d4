import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { listBackups, listRestores } from "../../api/backups";
import { ProblemError } from "../../api/problem";
import type { Backup, Restore } from "../../api/types";
import { useResource } from "../../api/use";
import { BackupStatus, JobState, Verified } from "../../components/feedback/BackupStatus";
import { DataTable, type DataColumn } from "../../components/list/DataTable";
import { ago, count, duration, time } from "../../components/format";
import { ListHeader } from "../../components/list/ListHeader";
import { usePaged } from "../../components/list/usePaged";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useSession } from "../../session";
import { href } from "../../shell/route";
import { RestoreBackup } from "./RestoreBackup";
import { StartBackup } from "./StartBackup";
import { useVerify } from "./useVerify";
import { kindOf, total } from "./words";

/** Milliseconds between two looks while something is under way, and while nothing is. */
const OFTEN = 3000;
const SELDOM = 30_000;

/** The backups and the restores, newest first. */
export function Lists() {
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="One backup is made each night. A backup that was verified was read back in full; only such a one counts."
        >
          Backups
        </Header>
      }
    >
      <SpaceBetween size="l">
        <BackupList />
        <RestoreList />
      </SpaceBetween>
    </ContentLayout>
  );
}

function BackupList() {
  const { can } = useSession();
  const paged = usePaged();
  const list = useResource((signal) => listBackups(paged.after || null, 10, signal), [paged.after], {
    every: (page) => (page?.backups.some(({ status }) => status === "running") ? OFTEN : SELDOM),
  });
  const { data, error, loading, reload } = list;
  const [starting, setStarting] = useState(false);
  const [restoring, setRestoring] = useState<Backup | null>(null);
  const [verify, verifying] = useVerify();
  if (isForbidden(error)) {
    return (
      <Box textAlign="center" color="text-body-secondary" padding="xxl">
        A backup holds every table, so backups are shown to accounts that see every table. Yours sees some; an operator
        can tell you how old the newest backup is.
      </Box>
    );
  }
  const actions = (one: Backup) =>
    one.status === "completed" ? (
      <SpaceBetween direction="horizontal" size="xs">
        <Button
          variant="inline-link"
          ariaLabel={`Verify ${one.backup}`}
          loading={verifying === one.backup}
          onClick={() => void verify(one.backup)}
        >
          Verify
        </Button>
        <Button variant="inline-link" ariaLabel={`Restore ${one.backup}`} onClick={() => setRestoring(one)}>
          Restore
        </Button>
      </SpaceBetween>
    ) : (
      "–"
    );

  return (
    <SpaceBetween size="m">
      <ProblemAlert error={error} header="The backups could not be read" onRetry={reload} />
      <DataTable
        label="Backups"
        items={data?.backups ?? null}
        id={({ backup }) => backup}
        loading={loading && !data}
        empty="There is no backup yet. Start one here; another is made each night."
        header={
          <ListHeader title="Backups" list={list} pages={{ paged, next: data?.next }} again="Read the backups again">
            {can("operate") && (
              <Button variant="primary" onClick={() => setStarting(true)}>
                Start a backup
              </Button>
            )}
          </ListHeader>
        }
        columns={can("operate") ? [...BACKUP, { ...ACTIONS, cell: actions }] : BACKUP}
      />
      {starting && (
        <StartBackup
          onClose={() => setStarting(false)}
          onStarted={() => {
            setStarting(false);
            reload();
          }}
        />
      )}
      {restoring && <RestoreBackup backup={restoring} onClose={() => setRestoring(null)} />}
    </SpaceBetween>
  );
}

function RestoreList() {
  const paged = usePaged("restores");
  const list = useResource((signal) => listRestores(paged.after || null, 10, signal), [paged.after], { every: SELDOM });
  const { data, error, loading, reload } = list;
  if (isForbidden(error)) {
    return null;
  }
  return (
    <SpaceBetween size="m">
      <ProblemAlert error={error} header="The restores could not be read" onRetry={reload} />
      <DataTable
        label="Restores and verifications"
        items={data?.restores ?? null}
        id={({ restore }) => restore}
        loading={loading && !data}
        empty="Nothing was verified or restored yet."
        header={<ListHeader title="Restores and verifications" list={list} pages={{ paged, next: data?.next }} />}
        columns={RESTORE}
      />
    </SpaceBetween>
  );
}

const BACKUP: readonly DataColumn<Backup>[] = [
  {
    id: "backup",
    header: "Backup",
    title: true,
    minWidth: 215,
    cell: (one) => <Link href={href(["backups", "backup", one.backup])}>{one.backup}</Link>,
  },
  {
    id: "made",
    header: "Made",
    minWidth: 130,
    cell: (one) => (one.started_at ? <span title={time(one.started_at)}>{ago(one.started_at)}</span> : "–"),
  },
  { id: "status", header: "State", minWidth: 140, cell: (one) => <BackupStatus backup={one} /> },
  { id: "verified", header: "Verified", minWidth: 180, wide: true, cell: (one) => <Verified backup={one} /> },
  {
    id: "rows",
    header: "Rows",
    cell: (one) => (total(one, "rows") === null ? "–" : count(total(one, "rows") ?? 0)),
  },
];
const ACTIONS = { id: "actions", header: "Actions", minWidth: 110, wide: true };

const RESTORE: readonly DataColumn<Restore>[] = [
  {
    id: "restore",
    header: "Restore",
    title: true,
    minWidth: 215,
    cell: (one: Restore) => <Link href={href(["backups", "restore", one.restore])}>{one.restore}</Link>,
  },
  { id: "what", header: "What", cell: kindOf },
  { id: "source", header: "Of", minWidth: 210, wide: true, cell: ({ source }) => source },
  {
    id: "began",
    header: "Began",
    cell: ({ started_at }) => (started_at ? <span title={time(started_at)}>{ago(started_at)}</span> : "–"),
  },
  { id: "took", header: "Took", cell: (one) => duration(one.started_at, one.finished_at) },
  { id: "status", header: "State", cell: ({ status, error }) => <JobState status={status} error={error} /> },
];

function isForbidden(error: Error | null): boolean {
  return error instanceof ProblemError && error.status === 403;
}
