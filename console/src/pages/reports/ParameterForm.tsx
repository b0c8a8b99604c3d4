import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import DatePicker from "@cloudscape-design/components/date-picker";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import type { ReportParameter } from "../../api/types";
import { parameterFault } from "./parameters";

interface Props {
  parameters: readonly ReportParameter[];
  values: Readonly<Record<string, string>>;
  running: boolean;
  onRun: (values: Record<string, string>) => void;
}

/** The parameters of a report as a form, checked as it is filled in. */
export function ParameterForm({ parameters, values, running, onRun }: Props) {
  const [draft, setDraft] = useState<Record<string, string>>({ ...values });
  const faulty = parameters.some((parameter) => parameterFault(parameter, draft[parameter.name] ?? "") !== null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!faulty) {
          onRun(draft);
        }
      }}
      noValidate
    >
      <Container
        footer={
          <Button variant="primary" loading={running} disabled={faulty}>
            Show
          </Button>
        }
      >
        <ColumnLayout columns={Math.min(3, Math.max(1, parameters.length))}>
          {parameters.map((parameter) => {
            const value = draft[parameter.name] ?? "";
            return (
              <FormField
                key={parameter.name}
                label={parameter.name}
                description={parameter.description}
                errorText={parameterFault(parameter, value) ?? ""}
                constraintText={
                  parameter.default === undefined || parameter.default === null
                    ? ""
                    : `${String(parameter.default)} if left empty.`
                }
              >
                <Control
                  parameter={parameter}
                  value={value}
                  onChange={(next) => setDraft({ ...draft, [parameter.name]: next })}
                />
              </FormField>
            );
          })}
        </ColumnLayout>
      </Container>
    </form>
  );
}

interface ControlProps {
  parameter: ReportParameter;
  value: string;
  onChange: (value: string) => void;
}

function Control({ parameter, value, onChange }: ControlProps) {
  const { name, type } = parameter;
  const choices = parameter.values ?? (type === "boolean" ? ["true", "false"] : null);
  if (choices) {
    return (
      <Select
        selectedOption={choices.includes(value) ? { value, label: value } : null}
        options={choices.map((one) => ({ value: one, label: one }))}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
        placeholder="Choose"
        ariaLabel={name}
      />
    );
  }
  if (type === "date") {
    return (
      <DatePicker
        value={value}
        onChange={({ detail }) => onChange(detail.value)}
        format="iso"
        placeholder="YYYY-MM-DD"
        ariaLabel={name}
        openCalendarAriaLabel={() => `Choose a day for ${name}`}
      />
    );
  }
  return (
    <Input
      value={value}
      onChange={({ detail }) => onChange(detail.value)}
      inputMode={type === "integer" ? "numeric" : "text"}
      autoComplete={false}
      ariaLabel={name}
    />
  );
}
