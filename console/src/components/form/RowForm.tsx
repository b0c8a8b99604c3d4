import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, type ReactNode, useState } from "react";
import { ProblemError } from "../../api/problem";
import type { Column, FieldError, Table } from "../../api/types";
import { useTask } from "../../api/task";
import { FieldInput } from "./FieldInput";
import { ProblemAlert } from "../feedback/ProblemAlert";
import { isOfKey } from "../keys";
import { type Draft, faults, hint } from "./rules";

interface Props {
  table: Table;
  tables: readonly Table[];
  draft: Draft;
  onChange: (draft: Draft) => void;
  /**
   * Sends the row; throws a ProblemError whose `errors` name columns where the service refuses it.
   */
  onSave: (draft: Draft) => Promise<void>;
  onCancel: () => void;
  /** The key cannot be changed. */
  keyFixed?: boolean;
  saveText: string;
  actions?: ReactNode;
}

/** A form for one row, with the dictionary's rules checked as it is filled in. */
export function RowForm({
  table,
  tables,
  draft,
  onChange,
  onSave,
  onCancel,
  keyFixed = false,
  saveText,
  actions,
}: Props) {
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<{ draft: Draft; errors: FieldError[] } | null>(null);
  const { busy: saving, error, run } = useTask();
  const found = faults(table.columns, draft);

  function touch(name: string) {
    setTouched((before) => new Set([...before, name]));
  }

  /**
   * Returns the error under a field: our own finding, else the service's, as long as the value is
   * unchanged.
   */
  function errorOf(name: string): string {
    if (touched.has(name) && found[name]) {
      return found[name];
    }
    const theirs = refused?.errors.find((one) => one.column === name);
    return theirs && refused?.draft[name] === draft[name] ? theirs.message : "";
  }

  async function save(event?: FormEvent) {
    event?.preventDefault();
    setTouched(new Set(table.columns.map(({ name }) => name)));
    if (Object.keys(found).length > 0) {
      return;
    }
    await run(async () => {
      try {
        await onSave(draft);
      } catch (caught) {
        const errors = caught instanceof ProblemError ? caught.errors : [];
        const named = errors.filter(({ column }) => table.columns.some(({ name }) => name === column));
        setRefused({ draft, errors: named });
        // Errors that all have a field are shown there alone.
        if (named.length < errors.length || named.length === 0) {
          throw caught;
        }
      }
    });
  }

  const shown = table.columns.filter(({ name }) => errorOf(name) !== "");
  return (
    <form onSubmit={(event) => void save(event)} noValidate>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {actions}
            <Button variant="link" formAction="none" onClick={onCancel}>
              Cancel
            </Button>
            <Button variant="primary" loading={saving} loadingText="Saving">
              {saveText}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          <ProblemAlert error={error} header="The row was not saved" />
          {shown.length > 0 && !error && (
            <Alert type="warning" header="Some fields need a look before the row can be saved">
              {shown.map(({ name }) => name).join(", ")}
            </Alert>
          )}
          <Container>
            <SpaceBetween size="l">
              {table.columns.map((column) => (
                <FormField
                  key={column.name}
                  label={
                    <>
                      {column.name}
                      {!column.required && <i> - optional</i>}
                    </>
                  }
                  description={column.description}
                  constraintText={constraint(table, column, keyFixed)}
                  errorText={errorOf(column.name)}
                >
                  <FieldInput
                    column={column}
                    value={draft[column.name] ?? ""}
                    onChange={(value) => {
                      // A field that is being typed into is checked at once, but not for being
                      // empty yet.
                      if (value !== "") {
                        touch(column.name);
                      }
                      onChange({ ...draft, [column.name]: value });
                    }}
                    onBlur={() => touch(column.name)}
                    invalid={errorOf(column.name) !== ""}
                    disabled={isOfKey(table, column.name) && keyFixed}
                    tables={tables}
                    labelled
                  />
                </FormField>
              ))}
            </SpaceBetween>
          </Container>
        </SpaceBetween>
      </Form>
    </form>
  );
}

/** What a field takes, in a line under it. */
function constraint(table: Table, column: Column, keyFixed: boolean): string {
  if (isOfKey(table, column.name) && keyFixed) {
    return "The key of a row stays as it is.";
  }
  if (column.name === table.key && column.references === null) {
    return /int/.test(column.type)
      ? "A free number is suggested; any that no other row has will do."
      : `${hint(column)} No other row has it.`;
  }
  return column.references ? `Chosen from ${column.references}.` : hint(column);
}
