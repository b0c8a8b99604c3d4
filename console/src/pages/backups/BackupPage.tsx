import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import { getBackup } from "../../api/backups";
import { useResource } from "../../api/use";
import { BackupStatus, Verified } from "../../components/feedback/BackupStatus";
import { DataTable } from "../../components/list/DataTable";
import { bytes, count, duration, time } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useSession } from "../../session";
import { href } from "../../shell/route";
import { RestoreBackup } from "./RestoreBackup";
import { useVerify } from "./useVerify";

const OFTEN = 3000;

/** One backup, its tables, and what can be done with it. */
export function BackupPage({ id }: { id: string }) {
  const { can } = useSession();
  const [running, setRunning] = useState(false);
  const { data, error, reload } = useResource(
    async (signal) => {
      const found = await getBackup(id, signal);
      setRunning(found.status === "running");
      return found;
    },
    [id],
    { every: running ? OFTEN : null },
  );
  const [restoring, setRestoring] = useState(false);
  const [verify, verifying] = useVerify();
  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[
            { text: "Backups", href: href(["backups"]) },
            { text: id, href: "" },
          ]}
        />
      }
      header={
        <Header
          variant="h1"
          actions={
            can("operate") &&
            data?.status === "completed" && (
              <SpaceBetween direction="horizontal" size="xs">
                <Button loading={verifying !== null} onClick={() => void verify(id)}>
                  Verify
                </Button>
                <Button onClick={() => setRestoring(true)}>Restore</Button>
              </SpaceBetween>
            )
          }
        >
          Backup {id}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert error={error} header="The backup could not be read" onRetry={reload} />
        {!data && !error && (
          <Box textAlign="center" padding="xxl">
            <Spinner size="large" />
          </Box>
        )}
        {data && (
          <Container>
            <KeyValuePairs
              columns={3}
              items={[
                { label: "State", value: <BackupStatus backup={data} /> },
                { label: "Verified", value: <Verified backup={data} /> },
                { label: "As the tables were at", value: time(data.moment) },
                { label: "Began", value: time(data.started_at) },
                { label: "Took", value: duration(data.started_at, data.finished_at) },
                { label: "Verified at", value: time(data.verified_at) },
              ]}
            />
          </Container>
        )}
        {data && (
          <DataTable
            label="Tables of the backup"
            items={Object.entries(data.tables).map(([name, table]) => ({ name, ...table }))}
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
        )}
      </SpaceBetween>
      {restoring && data && <RestoreBackup backup={data} onClose={() => setRestoring(false)} />}
    </ContentLayout>
  );
}
