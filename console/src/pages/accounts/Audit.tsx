import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";
import { readAudit } from "../../api/accounts";
import type { AuditEntry } from "../../api/types";
import { useResource } from "../../api/use";
import { DataTable } from "../../components/list/DataTable";
import { time } from "../../components/format";
import { ListHeader } from "../../components/list/ListHeader";
import { FIRST_PAGE, usePaged } from "../../components/list/usePaged";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useSession } from "../../session";
import { href, useRoute } from "../../shell/route";
import { Change } from "./Change";
import { actionWords } from "./words";

/** Shows the audit trail, newest first. */
export function Audit() {
  const { params, setParams } = useRoute();
  const username = params.get("username") ?? "";
  const table = params.get("table") ?? "";
  const row = params.get("row") ?? "";
  const paged = usePaged();
  const { after } = paged;
  const list = useResource(
    (signal) =>
      readAudit(
        {
          limit: 50,
          ...(username ? { username } : {}),
          ...(table ? { table } : {}),
          ...(row ? { row } : {}),
          ...(after ? { after } : {}),
        },
        signal,
      ),
    [username, table, row, after],
  );
  const { data, error, loading, reload } = list;
  const filtered = username !== "" || table !== "" || row !== "";
  const clear = () => setParams({ username: null, table: null, row: null, ...FIRST_PAGE });
  return (
    <SpaceBetween size="m">
      <Filters
        key={`${username}/${table}/${row}`}
        username={username}
        table={table}
        row={row}
        onApply={(chosen) => setParams({ ...chosen, ...FIRST_PAGE })}
        {...(filtered ? { onClear: clear } : {})}
      />
      <ProblemAlert error={error} header="The audit trail could not be read" onRetry={reload} />
      <DataTable
        label="Audit trail"
        top
        items={data?.entries ?? null}
        id={({ id }) => String(id)}
        loading={loading && !data}
        empty={
          filtered
            ? "Nothing was done that these filters find. Clear them to see everything."
            : "Nobody has changed anything yet."
        }
        header={
          <ListHeader
            title="Audit trail"
            description="Changes by people. What scripts do with their keys stands in the log."
            list={list}
            pages={{ paged, next: data?.next }}
            again="Read the audit trail again"
          />
        }
        columns={[
          { id: "at", header: "When", title: true, minWidth: 190, cell: ({ at }) => time(at) },
          {
            id: "who",
            header: "Who",
            minWidth: 210,
            wide: true,
            cell: (entry) => (
              <Link href={href(["accounts", "audit"], { username: entry.username })}>{entry.username}</Link>
            ),
          },
          { id: "what", header: "What", minWidth: 150, cell: ({ action }) => actionWords(action) },
          { id: "where", header: "Of", minWidth: 150, cell: (entry) => <Place entry={entry} /> },
          { id: "change", header: "Change", cell: (entry) => <Change entry={entry} />, minWidth: 260, wide: true },
        ]}
      />
    </SpaceBetween>
  );
}

function Place({ entry: { table, row } }: { entry: AuditEntry }) {
  if (table === null) {
    return "–";
  }
  return row === null ? (
    table
  ) : (
    <Link href={href(["accounts", "audit"], { table, row })} ariaLabel={`${table} ${row}: its trail`}>
      {table} {row}
    </Link>
  );
}

interface FiltersProps {
  username: string;
  table: string;
  row: string;
  onApply: (chosen: { username: string | null; table: string | null; row: string | null }) => void;
  onClear?: () => void;
}

const ANY = { value: "", label: "Any table" };

function Filters({ onApply, onClear, ...given }: FiltersProps) {
  const { me } = useSession();
  const [username, setUsername] = useState(given.username);
  const [table, setTable] = useState(given.table);
  const [row, setRow] = useState(given.row);
  const options = [ANY, ...me.tables.map((name) => ({ value: name, label: name }))];
  const faulty = row !== "" && table === "";

  function apply(event: FormEvent) {
    event.preventDefault();
    if (!faulty) {
      onApply({ username: username.trim() || null, table: table || null, row: row.trim() || null });
    }
  }

  return (
    <form onSubmit={apply}>
      <Container
        footer={
          <SpaceBetween direction="horizontal" size="xs">
            <Button formAction="submit">Filter</Button>
            {onClear && (
              <Button formAction="none" variant="link" onClick={onClear}>
                Clear
              </Button>
            )}
          </SpaceBetween>
        }
      >
        <ColumnLayout columns={3}>
          <FormField label="Who">
            <Input
              value={username}
              onChange={({ detail }) => setUsername(detail.value)}
              placeholder="name@example.com"
              autoComplete={false}
              ariaLabel="Who"
            />
          </FormField>
          <FormField label="Table">
            <Select
              selectedOption={options.find(({ value }) => value === table) ?? ANY}
              options={options}
              onChange={({ detail }) => setTable(detail.selectedOption.value ?? "")}
              ariaLabel="Table"
            />
          </FormField>
          <FormField label="Row" errorText={faulty ? "Choose the table of the row." : ""}>
            <Input
              value={row}
              onChange={({ detail }) => setRow(detail.value)}
              inputMode="numeric"
              placeholder="Its key"
              autoComplete={false}
              ariaLabel="Row"
            />
          </FormField>
        </ColumnLayout>
      </Container>
    </form>
  );
}
