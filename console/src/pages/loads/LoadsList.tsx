import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { listLoads } from "../../api/loads";
import { listTables } from "../../api/tables";
import type { Load, LoadStatus, LoadsPage } from "../../api/types";
import { useResource } from "../../api/use";
import { DataTable, type DataColumn } from "../../components/list/DataTable";
import { bytes, count, duration, time } from "../../components/format";
import { Pager } from "../../components/list/Pager";
import { FIRST_PAGE, usePaged } from "../../components/list/usePaged";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useSession } from "../../session";
import { href, useRoute } from "../../shell/route";
import { LoadState } from "../../verdict/LoadState";
import { fileName, MODES } from "../../verdict/words";
import { SPANS, within } from "./spans";

const STATUSES: Record<LoadStatus, string> = {
  running: "Loading",
  completed: "Loaded",
  failed: "Failed",
  skipped: "Skipped",
};
const STATUS_OPTIONS = [
  { value: "", label: "Any" },
  ...Object.entries(STATUSES).map(([value, label]) => ({ value, label })),
];
const PAGE_ROWS = 25;
const WATCH = 4000;

/** Every file that was loaded, newest first; the filters are in the link. */
export function LoadsList() {
  const { can } = useSession();
  const { params, setParams } = useRoute();
  const table = params.get("table");
  const status = params.get("status") as LoadStatus | null;
  const span = params.get("since");
  const paged = usePaged();
  const tables = useResource(listTables, []);
  const loads = useResource(
    async (signal): Promise<LoadsPage> => {
      const page = await listLoads({ table, status, after: paged.after || null, limit: PAGE_ROWS }, signal);
      return within(page, span, new Date());
    },
    [table, status, span, paged.after],
    // Loads that are under way are looked at again and again.
    { every: (page) => (page?.loads.some((load) => load.status === "running") ? WATCH : null) },
  );

  const filter = (changes: Record<string, string | null>) => setParams({ ...changes, ...FIRST_PAGE });
  const tableOptions = [
    { value: "", label: "Every table" },
    ...(tables.data ?? []).map(({ name }) => ({ value: name, label: name })),
  ];
  const filtered = table !== null || status !== null || span !== null;

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="What became of each file: its rows, and those that were refused."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Read the list again" onClick={loads.reload} />
              {can("write") && (
                <Button variant="primary" iconName="upload" href={href(["upload"], { table })}>
                  Upload a file
                </Button>
              )}
            </SpaceBetween>
          }
        >
          Loads
        </Header>
      }
    >
      <SpaceBetween size="m">
        {loads.error && <ProblemAlert error={loads.error} header="The loads cannot be read" onRetry={loads.reload} />}
        <DataTable
          label="Loads"
          items={loads.data?.loads ?? null}
          id={(load) => load.load}
          loading={loads.data === null && loads.loading}
          empty={
            filtered ? (
              <SpaceBetween size="xs">
                <span>No file matches.</span>
                <Button onClick={() => filter({ table: null, status: null, since: null })}>Show all</Button>
              </SpaceBetween>
            ) : (
              "No file has been loaded yet."
            )
          }
          filter={
            <SpaceBetween direction="horizontal" size="m">
              <Filter label="Table" value={table} options={tableOptions} onChange={(table) => filter({ table })} />
              <Filter label="State" value={status} options={STATUS_OPTIONS} onChange={(status) => filter({ status })} />
              <Filter label="Started" value={span} options={SPANS} onChange={(since) => filter({ since })} />
            </SpaceBetween>
          }
          pagination={<Pager paged={paged} next={loads.data?.next} loading={loads.loading} />}
          columns={COLUMNS}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

const COLUMNS: readonly DataColumn<Load>[] = [
  {
    id: "file",
    header: "File",
    title: true,
    minWidth: 160,
    cell: (load) => <Link href={href(["loads", load.load])}>{fileName(load.key)}</Link>,
  },
  { id: "table", header: "Table", cell: (load) => load.table },
  { id: "status", header: "State", minWidth: 140, cell: (load) => <LoadState load={load} /> },
  { id: "loaded", header: "Loaded", cell: (load) => count(load.rows_loaded) },
  {
    id: "refused",
    header: "Refused",
    cell: (load) =>
      load.rows_rejected > 0 ? (
        <Link href={href(["loads", load.load])}>{count(load.rows_rejected)}</Link>
      ) : (
        <Box color="text-body-secondary">0</Box>
      ),
  },
  { id: "mode", header: "How", minWidth: 130, cell: (load) => MODES[load.mode]?.label ?? load.mode },
  { id: "bytes", header: "Size", minWidth: 90, cell: (load) => bytes(load.bytes) },
  { id: "started", header: "Started", minWidth: 120, cell: (load) => time(load.started_at) },
  { id: "took", header: "Took", cell: (load) => duration(load.started_at, load.finished_at) },
];

interface FilterProps {
  label: string;
  value: string | null;
  options: { value: string; label: string }[];
  onChange: (value: string | null) => void;
}

function Filter({ label, value, options, onChange }: FilterProps) {
  return (
    <FormField label={label}>
      <Select
        selectedOption={options.find((option) => option.value === (value ?? "")) ?? null}
        options={options}
        onChange={({ detail }) => onChange(detail.selectedOption.value || null)}
        ariaLabel={label}
      />
    </FormField>
  );
}
