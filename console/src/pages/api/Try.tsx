import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import "../../components/components.css";
import { apiUrl } from "../../api/client";
import { useTask } from "../../api/task";
import { call, curl, example, type Json, type Operation, type Parameter, resolve, typeName } from "./openapi";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useStored } from "../../shell/storage";
import { MOST_SHOWN, type Shown, tryCall } from "./try";
import { Status } from "../../components/feedback/Status";

interface Filled {
  values: Record<string, string>;
  body: string;
}

/** A form for a call, the command that makes it, and its answer. */
export function Try({ document, operation }: { document: Json; operation: Operation }) {
  const [draft, setDraft] = useStored<Filled | null>(`api/${operation.id}`, null);
  const clear = () => setDraft(null);
  const begin: Filled = {
    values: {},
    body: operation.body ? JSON.stringify(example(document, operation.body.schema), null, 2) : "",
  };
  const { values, body } = draft ?? begin;
  const [answer, setAnswer] = useState<Shown | null>(null);
  const { busy, error, run } = useTask();
  const made = call(apiUrl(""), operation, values, body);
  const missing = operation.parameters.filter((one) => one.required && !values[`${one.in}:${one.name}`]);
  const bodyFault = operation.body && body.trim() !== "" ? jsonFault(body) : null;
  const ready = missing.length === 0 && bodyFault === null;

  const send = () =>
    run(async () => {
      setAnswer(null);
      setAnswer(await tryCall(made));
    });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) {
          void send();
        }
      }}
    >
      <SpaceBetween size="m">
        {operation.method !== "GET" && (
          <Alert type="warning">This is not a rehearsal: the call is made, and what it changes is changed.</Alert>
        )}
        {operation.parameters.map((parameter) => {
          const key = `${parameter.in}:${parameter.name}`;
          return (
            <FormField
              key={key}
              label={
                <>
                  {parameter.name}
                  {!parameter.required && <i> - optional</i>}
                </>
              }
              constraintText={`${parameter.in}, ${typeName(document, parameter.schema)}`}
            >
              <ParameterInput
                document={document}
                parameter={parameter}
                value={values[key] ?? ""}
                onChange={(value) => setDraft({ values: { ...values, [key]: value }, body })}
              />
            </FormField>
          );
        })}
        {operation.body && (
          <FormField label="Body" constraintText="JSON." errorText={bodyFault ?? ""} stretch>
            <Textarea
              value={body}
              onChange={({ detail }) => setDraft({ values, body: detail.value })}
              rows={Math.min(16, Math.max(4, body.split("\n").length + 1))}
              spellcheck={false}
              ariaLabel="Body"
            />
          </FormField>
        )}
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="primary" loading={busy} disabled={!ready}>
            Send
          </Button>
          {draft && (
            <Button formAction="none" variant="link" onClick={clear}>
              Begin again
            </Button>
          )}
        </SpaceBetween>
        <div className="wrapped">
          <Box variant="awsui-key-label">The same in a shell</Box>
          <Box variant="pre">{curl(made)}</Box>
          <CopyToClipboard
            variant="button"
            copyButtonText="Copy command"
            copySuccessText="Copied. ROWGATE_TOKEN has to hold a token: copy it above."
            copyErrorText="The browser did not let it be copied."
            textToCopy={curl(made)}
          />
        </div>
        <ProblemAlert error={error} header="No answer came" />
        {answer && <Answer answer={answer} />}
      </SpaceBetween>
    </form>
  );
}

function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}`;
  }
}

interface ParameterInputProps {
  document: Json;
  parameter: Parameter;
  value: string;
  onChange: (value: string) => void;
}

function ParameterInput({ document, parameter, value, onChange }: ParameterInputProps) {
  const schema = resolve(document, parameter.schema);
  const values =
    typeof schema === "object" && schema !== null && "enum" in schema && Array.isArray(schema.enum)
      ? schema.enum.map(String)
      : null;
  if (values) {
    const options = values.map((one) => ({ value: one, label: one }));
    return (
      <Select
        selectedOption={options.find((one) => one.value === value) ?? null}
        options={parameter.required ? options : [{ value: "", label: "None" }, ...options]}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
        placeholder="Choose"
        ariaLabel={parameter.name}
      />
    );
  }
  return (
    <Input
      value={value}
      onChange={({ detail }) => onChange(detail.value)}
      autoComplete={false}
      spellcheck={false}
      ariaLabel={parameter.name}
    />
  );
}

function Answer({ answer }: { answer: Shown }) {
  const { status, statusText, headers, body, milliseconds } = answer;
  return (
    <SpaceBetween size="xs">
      <Status type={status < 400 ? "success" : "error"}>
        {status} {statusText} in {milliseconds} ms
      </Status>
      <ExpandableSection headerText="Headers">
        <div className="wrapped">
          <Box variant="pre">{headers.map(([name, value]) => `${name}: ${value}`).join("\n")}</Box>
        </div>
      </ExpandableSection>
      {body !== "" && (
        <div className="wrapped">
          <Box variant="pre">{body.slice(0, MOST_SHOWN)}</Box>
        </div>
      )}
      {body.length > MOST_SHOWN && (
        <Box color="text-body-secondary">The first {MOST_SHOWN} characters. Copy the command to get all of it.</Box>
      )}
    </SpaceBetween>
  );
}
