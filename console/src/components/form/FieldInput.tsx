import DatePicker from "@cloudscape-design/components/date-picker";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import TimeInput from "@cloudscape-design/components/time-input";
import type { Column, Table } from "../../api/types";
import { ReferenceSelect } from "./ReferenceSelect";
import { columnType, joinMoment, splitMoment } from "./rules";

interface Props {
  column: Column;
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  invalid?: boolean;
  disabled?: boolean;
  /** A form field around it says its name already. */
  labelled?: boolean;
  /** Stands in an empty field for text or numbers. */
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
  switch (type.kind) {
    case "boolean": {
      const options = column.required ? BOOLEANS : [{ value: "", label: "None" }, ...BOOLEANS];
      return (
        <Select
          selectedOption={BOOLEANS.find((option) => option.value === value) ?? null}
          options={options}
          onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
          placeholder="Choose"
          {...(labelled ? {} : { ariaLabel: label })}
          invalid={invalid}
          disabled={disabled}
        />
      );
    }
    case "date":
      return (
        <DatePicker
          value={value}
          onChange={({ detail }) => onChange(detail.value)}
          onBlur={() => onBlur?.()}
          format="iso"
          placeholder="YYYY-MM-DD"
          ariaLabel={label}
          invalid={invalid}
          disabled={disabled}
          openCalendarAriaLabel={() => `Choose a day for ${label}`}
        />
      );
    case "timestamp": {
      const { day, time } = splitMoment(value);
      return (
        <SpaceBetween direction="horizontal" size="xs">
          <FormField label="Day">
            <DatePicker
              value={day}
              onChange={({ detail }) => onChange(joinMoment(detail.value, time))}
              onBlur={() => onBlur?.()}
              format="iso"
              placeholder="YYYY-MM-DD"
              ariaLabel={`${label}, day`}
              invalid={invalid}
              disabled={disabled}
              openCalendarAriaLabel={() => `Choose a day for ${label}`}
            />
          </FormField>
          <FormField label="Time (UTC)">
            <TimeInput
              value={time}
              onChange={({ detail }) => onChange(joinMoment(day, detail.value))}
              onBlur={() => onBlur?.()}
              format="hh:mm:ss"
              placeholder="hh:mm:ss"
              ariaLabel={`${label}, time in UTC`}
              invalid={invalid}
              disabled={disabled}
            />
          </FormField>
        </SpaceBetween>
      );
    }
    case "string":
      if (type.max > LONG) {
        return (
          <Textarea
            value={value}
            onChange={({ detail }) => onChange(detail.value)}
            onBlur={() => onBlur?.()}
            ariaLabel={label}
            invalid={invalid}
            disabled={disabled}
          />
        );
      }
      break;
    default:
  }
  return (
    <Input
      value={value}
      onChange={({ detail }) => onChange(detail.value)}
      onBlur={() => onBlur?.()}
      inputMode={type.kind === "string" ? "text" : type.kind === "decimal" ? "decimal" : "numeric"}
      autoComplete={false}
      placeholder={placeholder}
      ariaLabel={label}
      invalid={invalid}
      disabled={disabled}
    />
  );
}
