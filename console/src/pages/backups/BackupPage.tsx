import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { getBackup } from "../../api/backups";
import type { Backup } from "../../api/types";
import { useResource } from "../../api/use";
import { DetailPage } from "../../components/DetailPage";
import { BackupStatus, Verified } from "../../components/feedback/BackupStatus";
import { Loaded } from "../../components/feedback/Loaded";
import { bytes, count, duration, time } from "../../components/format";
import { DataTable } from "../../components/list/DataTable";
import { useSession } from "../../session";
import { href } from "../../shell/route";
import { RestoreBackup } from "./RestoreBackup";
import { useVerify } from "./useVerify";

const OFTEN = 3000;

/** One backup, its tables, and what can be done with it. */
export function BackupPage({ id }: { id: string }) {
  const { can } = useSession();
  const backup = useResource((signal) => getBackup(id, signal), [id], {
    every: (found) => (found?.status === "running" ? OFTEN : null),
  });
  const [restoring, setRestoring] = useState(false);
  const [verify, verifying] = useVerify();
  return (
    <DetailPage
      above={[{ text: "Backups", href: href(["backups"]) }]}
      name={id}
      title={`Backup ${id}`}
      actions={
        can("operate") &&
        backup.data?.status === "completed" && (
          <SpaceBetween direction="horizontal" size="xs">
            <Button loading={verifying !== null} onClick={() => void verify(id)}>
              Verify
            </Button>
            <Button onClick={() => setRestoring(true)}>Restore</Button>
          </SpaceBetween>
        )
      }
    >
      <Loaded resource={backup} header="The backup could not be read">
        {(backup) => (
          <>
            <Facts backup={backup} />
            <Tables backup={backup} />
          </>
        )}
      </Loaded>
      {restoring && backup.data && <RestoreBackup backup={backup.data} onClose={() => setRestoring(false)} />}
    </DetailPage>
  );
}

function Facts({ backup }: { backup: Backup }) {
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: "State", value: <BackupStatus backup={backup} /> },
          { label: "Verified", value: <Verified backup={backup} /> },
          { label: "As the tables were at", value: time(backup.moment) },
          { label: "Began", value: time(backup.started_at) },
          { label: "Took", value: duration(backup.started_at, backup.finished_at) },
          { label: "Verified at", value: time(backup.verified_at) },
        ]}
      />
    </Container>
  );
}

function Tables({ backup }: { backup: Backup }) {
  return (
    <DataTable
      label="Tables of the backup"
      items={Object.entries(backup.tables).map(([name, table]) => ({ name, ...table }))}
      id={({ name }) => name}
      empty="It has no tables."
      header={<Header variant="h2">Tables</Header>}
      columns={[
        { id: "name", header: "Table", title: true, cell: ({ name }) => name, value: ({ name }) => name },
        {
          id: "rows",
          header: "Rows",
          cell: ({ rows }) => (rows === null ? "–" : count(rows)),
          value: ({ rows }) => rows,
        },
        { id: "bytes", header: "Size", cell: (table) => bytes(table.bytes), value: (table) => table.bytes },
      ]}
    />
  );
}
