import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Column, Table } from "../../api/types";
import { DataTable } from "../../components/list/DataTable";
import { useNarrow } from "../../components/useNarrow";
import { forget, missingWords } from "./settings";
import type { Work } from "./work";

interface Props {
  table: Table;
  work: Work;
  setWork: (change: (work: Work) => Work) => void;
  names: string[];
  /** The column that each name goes to. */
  columns: Record<string, string | null>;
  faults: Record<string, string>;
  /** Columns of the table that must have a value, and that none of the file is matched to yet. */
  missing: Column[];
  /** Values of the file's columns. */
  examples: Record<string, string>;
}

const OUT = { value: "", label: "Leave out", description: "This column of the file is not loaded." };

/** Which column of the file goes into which of the table. */
export function Match({ table, work, setWork, names, columns, faults, missing, examples }: Props) {
  const narrow = useNarrow();
  // A column that is not yet left out still needs a decision, as long as one is missing.
  const [leftOut, setLeftOut] = useState<ReadonlySet<string>>(new Set());
  const isOpen = (name: string) => missing.length > 0 && !leftOut.has(name);
  const options = [
    ...table.columns.map((column) => ({
      value: column.name,
      label: column.name,
      description: column.description,
      labelTag: column.required ? "needed" : "",
    })),
    OUT,
  ];
  const choose = (name: string, column: string) => {
    setLeftOut((before) => new Set([...before, name].filter((one) => one !== name || column === "")));
    setWork((work) => ({
      ...work,
      recalled: false,
      settings: {
        ...work.settings,
        columns: Object.fromEntries(
          names.map((each) => [each, each === name ? column || null : (columns[each] ?? null)]),
        ),
      },
    }));
  };
  const sample = (name: string): string => examples[name] ?? "";

  const heading = (
    <Header
      variant="h3"
      description={`The file's header has other names than ${table.name}. Check what goes where, and leave out what does not belong there.`}
    >
      Match the columns
    </Header>
  );
  const select = (name: string) => (
    <Select
      selectedOption={options.find((option) => option.value === columns[name]) ?? (isOpen(name) ? null : OUT)}
      options={options}
      placeholder="Choose a column, or leave it out"
      onChange={({ detail }) => choose(name, detail.selectedOption.value ?? "")}
      ariaLabel={`Column of the table for ${name}`}
      invalid={faults[name] !== undefined}
    />
  );

  return (
    <SpaceBetween size="s">
      {work.recalled && (
        <Alert
          type="info"
          dismissible
          onDismiss={() => setWork((work) => ({ ...work, recalled: false }))}
          dismissAriaLabel="Dismiss"
        >
          The columns are matched as you kept it for files with this header.
        </Alert>
      )}
      {missing.length > 0 && <Alert type="warning">{missingWords(missing)}</Alert>}
      {narrow ? (
        <SpaceBetween size="m">
          {heading}
          {names.map((name) => (
            <FormField key={name} label={name} description={sample(name)} errorText={faults[name]} stretch>
              {select(name)}
            </FormField>
          ))}
        </SpaceBetween>
      ) : (
        <DataTable
          label="Columns of the file and of the table"
          variant="embedded"
          header={heading}
          id={(name) => name}
          items={names}
          empty="The file has no header."
          columns={[
            { id: "name", header: "In the file", cell: (name) => <b>{name}</b> },
            {
              id: "column",
              header: `In ${table.name}`,
              minWidth: 220,
              cell: (name) => (
                <FormField errorText={faults[name]} stretch>
                  {select(name)}
                </FormField>
              ),
            },
            {
              id: "sample",
              header: "For example",
              cell: (name) => <Box color="text-body-secondary">{sample(name) || "–"}</Box>,
            },
          ]}
        />
      )}
      <Checkbox
        checked={work.remember}
        onChange={({ detail }) => {
          if (!detail.checked) {
            forget(table.name, names);
          }
          setWork((work) => ({ ...work, remember: detail.checked }));
        }}
      >
        Keep this for the next file with the same header
      </Checkbox>
    </SpaceBetween>
  );
}
