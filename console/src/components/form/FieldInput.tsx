import DatePicker from "@cloudscape-design/components/date-picker";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import TimeInput from "@cloudscape-design/components/time-input";
import type { Column, Table } from "../../api/types";
import { ReferenceSelect } from "./ReferenceSelect";
import { columnType, joinTimestamp, splitTimestamp } from "./rules";

interface Props {
  column: Column;
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  invalid?: boolean;
  disabled?: boolean;
  /** A form field around it says its name already. */
  labelled?: boolean;
  /** Shown in an empty field for text or numbers. */
  placeholder?: string;
  /** The tables that the caller sees, for references. */
  tables: readonly Table[];
}

/** Texts that may be longer than this, in characters, get several lines. */
const LONG = 400;
const BOOLEANS = [
  { value: "true", label: "Yes" },
  { value: "false", label: "No" },
];

/** The control for a value of one column. */
export function FieldInput({
  column,
  value,
  onChange,
  onBlur,
  invalid = false,
  disabled = false,
  placeholder = "",
  labelled = false,
  tables,
}: Props) {
  const type = columnType(column.type);
  const label = column.name;
  const shared = { value, onChange, onBlur: () => onBlur?.(), label, invalid, disabled };
  if (column.references !== null && !disabled) {
    return (
      <ReferenceSelect
        table={tables.find((table) => table.name === column.references)}
        value={value}
        onChange={onChange}
        required={column.required}
        invalid={invalid}
        label={labelled ? "" : label}
      />
    );
  }
  const { values } = column.rules;
  if (values !== undefined && !disabled) {
    const options = values.map((one) => ({ value: String(one), label: String(one) }));
    return (
      <Select
        selectedOption={options.find((option) => option.value === value) ?? null}
        options={column.required ? options : [{ value: "", label: "None" }, ...options]}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
        placeholder="Choose"
        {...(labelled ? {} : { ariaLabel: label })}
        invalid={invalid}
      />
    );
  }
  switch (type.kind) {
    case "boolean":
      return (
        <Select
          selectedOption={BOOLEANS.find((option) => option.value === value) ?? null}
          options={column.required ? BOOLEANS : [{ value: "", label: "None" }, ...BOOLEANS]}
          onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
          placeholder="Choose"
          {...(labelled ? {} : { ariaLabel: label })}
          invalid={invalid}
          disabled={disabled}
        />
      );
    case "date":
      return <Day {...shared} column={label} />;
    case "time":
      return (
        <TimeInput
          {...shared}
          onChange={({ detail }) => onChange(detail.value)}
          format="hh:mm:ss"
          placeholder="hh:mm:ss"
          ariaLabel={label}
        />
      );
    case "timestamp":
      // The fields of a day and a time have no room for a fraction.
      if (type.digits === 0) {
        return <DayAndTime {...shared} />;
      }
      break;
    default:
  }
  const text = {
    value,
    onChange: ({ detail }: { detail: { value: string } }) => onChange(detail.value),
    onBlur: shared.onBlur,
    ariaLabel: label,
    invalid,
    disabled,
  };
  const isLong = type.kind === "json" || (type.kind === "string" && type.max > LONG);
  return isLong ? (
    <Textarea {...text} />
  ) : (
    <Input
      {...text}
      inputMode={/int/.test(type.kind) ? "numeric" : /decimal|double/.test(type.kind) ? "decimal" : "text"}
      autoComplete={false}
      placeholder={placeholder}
    />
  );
}

interface PartProps {
  value: string;
  onChange: (value: string) => void;
  onBlur: () => void;
  label: string;
  invalid: boolean;
  disabled: boolean;
}

function Day({ value, onChange, onBlur, label, column, invalid, disabled }: PartProps & { column: string }) {
  return (
    <DatePicker
      value={value}
      onChange={({ detail }) => onChange(detail.value)}
      onBlur={onBlur}
      format="iso"
      placeholder="YYYY-MM-DD"
      ariaLabel={label}
      invalid={invalid}
      disabled={disabled}
      openCalendarAriaLabel={() => `Choose a day for ${column}`}
    />
  );
}

function DayAndTime({ value, onChange, label, ...shared }: PartProps) {
  const { day, time } = splitTimestamp(value);
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <FormField label="Day">
        <Day
          {...shared}
          value={day}
          onChange={(day) => onChange(joinTimestamp(day, time))}
          label={`${label}, day`}
          column={label}
        />
      </FormField>
      <FormField label="Time (UTC)">
        <TimeInput
          {...shared}
          value={time}
          onChange={({ detail }) => onChange(joinTimestamp(day, detail.value))}
          format="hh:mm:ss"
          placeholder="hh:mm:ss"
          ariaLabel={`${label}, time in UTC`}
        />
      </FormField>
    </SpaceBetween>
  );
}
