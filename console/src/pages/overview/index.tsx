import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useMemo } from "react";
import { listAccounts } from "../../api/accounts";
import { listBackups } from "../../api/backups";
import { listLoads, readActivity } from "../../api/loads";
import { ProblemError } from "../../api/problem";
import type { Account, ActivityDay, Backup } from "../../api/types";
import { type Resource, useResource } from "../../api/use";
import { BackupStatus, Verified } from "../../components/feedback/BackupStatus";
import { Chart } from "../../components/chart/Chart";
import { activitySeries, days } from "../../components/chart/chart";
import { DataTable } from "../../components/list/DataTable";
import { ago, count, counted, duration, shortDay } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useSession } from "../../session";
import { href, useRoute } from "../../shell/route";
import { everyone, MOST_ACCOUNTS } from "../accounts/everyone";
import { tasks } from "./attention";
import { Status } from "../../components/feedback/Status";

const PERIODS = [7, 30, 90];
const DEFAULT_PERIOD = 30;
/**
 * Milliseconds between two looks at loads that are under way, at accounts, of which all are read,
 * and at all else.
 */
const OFTEN = 4000;
const SELDOM = 60_000;
const RARELY = 300_000;

/** The current activity, and the tasks that need a person. */
export default function Overview() {
  const { can } = useSession();
  const { params } = useRoute();
  const period = PERIODS.find((one) => String(one) === params.get("days")) ?? DEFAULT_PERIOD;
  const activity = useResource((signal) => readActivity(period, signal), [period], { every: SELDOM });
  const failed = useResource((signal) => listLoads({ status: "failed", limit: 100 }, signal), [], { every: SELDOM });
  const backups = useResource((signal) => listBackups(null, 10, signal), [], { every: SELDOM });
  const accounts = useResource(
    async (signal) => (can("operate") ? everyone((after) => listAccounts(after, MOST_ACCOUNTS, signal)) : null),
    [can("operate")],
    { every: RARELY },
  );
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={
            can("write") && (
              <Button variant="primary" iconName="upload" href={href(["upload"])}>
                Upload a file
              </Button>
            )
          }
        >
          Overview
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Attention activity={activity} failed={failed} backups={backups} accounts={accounts} />
        <ColumnLayout columns={2}>
          <UnderWay />
          <NewestBackup backups={backups} />
        </ColumnLayout>
        <Activity activity={activity} period={period} />
      </SpaceBetween>
    </ContentLayout>
  );
}

interface AttentionProps {
  activity: Resource<{ days: ActivityDay[] }>;
  failed: Resource<Awaited<ReturnType<typeof listLoads>>>;
  backups: Resource<Awaited<ReturnType<typeof listBackups>>>;
  accounts: Resource<Account[] | null>;
}

function Attention({ activity, failed, backups, accounts }: AttentionProps) {
  const { can } = useSession();
  const loading = [activity, failed, backups, accounts].some((one) => one.loading && !one.data && !one.error);
  // A team that does not see all tables learns nothing of backups.
  const errors = [activity, failed, accounts].filter(({ error }) => error);
  const found = tasks({
    now: new Date(),
    ...(failed.data ? { failed: failed.data.loads } : {}),
    ...(activity.data ? { activity: activity.data.days } : {}),
    // People who cannot start a backup are not asked to.
    ...(backups.data && can("operate") ? { backups: backups.data.backups } : {}),
    ...(accounts.data ? { accounts: accounts.data } : {}),
  });
  return (
    <Container header={<Header variant="h2">What needs somebody</Header>}>
      <SpaceBetween size="m">
        <ProblemAlert
          error={errors[0]?.error ?? null}
          header="Not everything could be looked at"
          onRetry={() => {
            for (const one of errors) {
              one.reload();
            }
          }}
        />
        {loading ? (
          <Spinner />
        ) : found.length === 0 && errors.length === 0 ? (
          <Status type="success">Nothing. All is well.</Status>
        ) : (
          found.map((task) => (
            <div key={task.id}>
              <Status type={task.level}>{task.text}</Status>
              <Box color="text-body-secondary" fontSize="body-s">
                {task.advice}{" "}
                <Link href={href([...task.path], { ...task.params })} fontSize="body-s">
                  {task.action}
                </Link>
              </Box>
            </div>
          ))
        )}
      </SpaceBetween>
    </Container>
  );
}

function UnderWay() {
  const running = useResource((signal) => listLoads({ status: "running", limit: 20 }, signal), [], { every: OFTEN });
  const loads = running.data?.loads ?? [];
  return (
    <Container
      header={
        <Header variant="h2" counter={loads.length > 0 ? `(${loads.length})` : ""}>
          Loads under way
        </Header>
      }
      fitHeight
    >
      <SpaceBetween size="m">
        <ProblemAlert error={running.error} header="The loads could not be read" onRetry={running.reload} />
        {!running.data && !running.error && <Spinner />}
        {running.data && loads.length === 0 && (
          <Box color="text-body-secondary">
            None. <Link href={href(["loads"])}>Past loads</Link>
          </Box>
        )}
        {loads.map((load) => (
          <div key={load.load}>
            <Status type="in-progress">
              <Link href={href(["loads", load.load])}>{load.key.split("/").at(-1)}</Link>
            </Status>
            <Box color="text-body-secondary" fontSize="body-s">
              into {load.table} · {count(load.rows_read)} rows read, {count(load.rows_loaded)} in,{" "}
              {count(load.rows_rejected)} refused · {duration(load.started_at, null)}
            </Box>
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}

function NewestBackup({ backups }: { backups: Resource<Awaited<ReturnType<typeof listBackups>>> }) {
  const newest: Backup | undefined = backups.data?.backups[0];
  const unseen = backups.error instanceof ProblemError && backups.error.status === 403;
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" actions={<Button href={href(["backups"])}>Backups</Button>}>
          Newest backup
        </Header>
      }
    >
      {unseen ? (
        <Box color="text-body-secondary">Backups are shown to accounts that see every table.</Box>
      ) : (
        <ProblemAlert error={backups.error} header="The backups could not be read" onRetry={backups.reload} />
      )}
      {!backups.data && !backups.error && <Spinner />}
      {backups.data && !newest && <Box color="text-body-secondary">There is none yet.</Box>}
      {newest && (
        <SpaceBetween size="xs">
          <BackupStatus backup={newest} />
          <Box>
            {newest.started_at ? `Made ${ago(newest.moment ?? newest.started_at)}` : newest.backup},{" "}
            {counted(Object.keys(newest.tables).length, "table")}
          </Box>
          <Verified backup={newest} />
        </SpaceBetween>
      )}
    </Container>
  );
}

function Activity({ activity, period }: { activity: Resource<{ days: ActivityDay[] }>; period: number }) {
  const { params, setParams } = useRoute();
  const asTable = params.get("as") === "table";
  const found = activity.data?.days;
  const labels = useMemo(() => days(new Date(), period), [period]);
  const loaded = useMemo(() => activitySeries(found ?? [], "rows_loaded", labels), [found, labels]);
  const refused = useMemo(() => activitySeries(found ?? [], "rows_rejected", labels), [found, labels]);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="What loads of files brought in, and what they and requests had refused, by day in UTC."
        >
          Rows in and refused
        </Header>
      }
    >
      <SpaceBetween size="m">
        <SpaceBetween direction="horizontal" size="m">
          <SegmentedControl
            label="Period"
            selectedId={String(period)}
            options={PERIODS.map((one) => ({ id: String(one), text: `${one} days` }))}
            onChange={({ detail }) => setParams({ days: detail.selectedId })}
          />
          <SegmentedControl
            label="Shown as"
            selectedId={asTable ? "table" : "chart"}
            options={[
              { id: "chart", text: "Charts" },
              { id: "table", text: "Table" },
            ]}
            onChange={({ detail }) => setParams({ as: detail.selectedId === "table" ? "table" : null })}
          />
        </SpaceBetween>
        <ProblemAlert error={activity.error} header="The activity could not be read" onRetry={activity.reload} />
        {!found && !activity.error && <Spinner />}
        {found && asTable && (
          <DataTable
            label="Rows in and refused by day and table"
            variant="borderless"
            items={found}
            id={(one) => `${one.day}/${one.table}`}
            empty={`Nothing was loaded or refused in the last ${period} days.`}
            columns={[
              { id: "day", header: "Day", cell: (one) => one.day, value: (one) => one.day },
              { id: "table", header: "Table", cell: (one) => one.table, value: (one) => one.table },
              { id: "loads", header: "Loads", cell: (one) => count(one.loads), value: (one) => one.loads },
              {
                id: "failed",
                header: "Failed",
                cell: (one) => (one.failed > 0 ? <Badge color="red">{one.failed}</Badge> : 0),
                value: (one) => one.failed,
              },
              { id: "in", header: "Rows in", cell: (one) => count(one.rows_loaded), value: (one) => one.rows_loaded },
              {
                id: "refused",
                header: "Rows refused",
                cell: (one) => count(one.rows_rejected),
                value: (one) => one.rows_rejected,
              },
            ]}
          />
        )}
        {found && !asTable && (
          <ColumnLayout columns={2}>
            <DayChart
              title="Rows in"
              series={loaded}
              labels={labels}
              empty={`No file was loaded in the last ${period} days.`}
            />
            <DayChart
              title="Rows refused"
              series={refused}
              labels={labels}
              empty={`Nothing was refused in the last ${period} days.`}
            />
          </ColumnLayout>
        )}
      </SpaceBetween>
    </Container>
  );
}

interface DayChartProps {
  title: string;
  series: ReturnType<typeof activitySeries>;
  labels: readonly string[];
  empty: string;
}

function DayChart({ title, series, labels, empty }: DayChartProps) {
  return (
    <div>
      <Box variant="h3">{title}</Box>
      <Chart
        choice={{ kind: "bar", x: "Day", stacked: true }}
        data={{ labels: series.length === 0 ? [] : labels, series, others: 0 }}
        label={`${title} by day and table`}
        xTitle="Day"
        yTitle="Rows"
        formatLabel={shortDay}
        height={220}
        legend
        empty={empty}
      />
    </div>
  );
}
