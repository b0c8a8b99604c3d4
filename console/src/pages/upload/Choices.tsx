import ColumnLayout from "@cloudscape-design/components/column-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import Toggle from "@cloudscape-design/components/toggle";
import { useState } from "react";
import type { FileSettings, Table } from "../../api/types";
import { change, example, listed, order } from "./settings";
import type { Work } from "./work";

interface Props {
  table: Table;
  work: Work;
  setWork: (change: (work: Work) => Work) => void;
}

const AS_RECOGNISED = "";
const DELIMITERS: Record<string, string> = { ",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar" };
const ENCODINGS = ["UTF-8", "windows-1252", "ISO-8859-2", "windows-1251", "Shift_JIS", "GBK", "UTF-16LE"];
const DATES = ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d"];
const TIMES = [
  "%d/%m/%Y %H:%M",
  "%m/%d/%Y %H:%M",
  "%d.%m.%Y %H:%M",
  "%d/%m/%Y %H:%M:%S",
  "%m/%d/%Y %H:%M:%S",
  "%d.%m.%Y %H:%M:%S",
];
/** The settings of dates and times, by the kind of their column. */
const FORMS = [
  {
    kind: "timestamp",
    name: "timestamp_formats",
    label: "Dates and times",
    iso: "2021-03-31T16:05:09Z",
    known: TIMES,
  },
  { kind: "date", name: "date_formats", label: "Dates", iso: "2021-03-31", known: DATES },
] as const;
/** Codes of refused rows that concern the format of the file rather than its content. */
const OF_WRITING = new Set(["timestamp", "encoding", "field_count", "quote"]);

/** Asks which of several readings of the dates is meant. */
export function Dates({ work, setWork }: Omit<Props, "table">) {
  const { settings, unclear } = work;
  const choose = (name: "timestamp_formats" | "date_formats", format: string) =>
    setWork((work) => ({ ...work, settings: change(work.settings, name, [format]) }));
  return FORMS.map(
    ({ name }) =>
      unclear[name] && (
        <FormField
          key={name}
          label="Which date is meant?"
          description="The dates of the file can be read in more than one way. Choose the one that is meant; the rows below show what comes of it."
          errorText={settings[name] === undefined ? "Choose one." : undefined}
        >
          <RadioGroup
            value={settings[name]?.[0] ?? null}
            onChange={({ detail }) => choose(name, detail.value)}
            items={unclear[name].map((format) => ({
              value: format,
              label: `${example(format)} is 31 March 2021`,
              description: order(format),
            }))}
            ariaLabel="Which date is meant?"
          />
        </FormField>
      ),
  );
}

/** The recognised format of the file; each part of it can be changed. */
export function Choices({ table, work, setWork }: Props) {
  const { check, settings } = work;
  const [open, setOpen] = useState(
    () =>
      check?.problem != null ||
      (Object.keys(work.unclear).length === 0 && Object.keys(check?.codes ?? {}).some((code) => OF_WRITING.has(code))),
  );
  if (check === null) {
    return null;
  }
  const set = <K extends keyof FileSettings>(name: K, value: FileSettings[K] | undefined) =>
    setWork((work) => ({ ...work, settings: change(work.settings, name, value) }));
  const isText = /^(csv|tsv|txt|gzip|zstd)/.test(check.format);
  // Nothing is known of the form of dates before a row was read.
  const hasRead = check.rows_read > check.rows_rejected;
  const has = (kind: string) => table.columns.some((column) => column.type.startsWith(kind));
  const delimiter = check.delimiter ? (DELIMITERS[check.delimiter] ?? check.delimiter) : null;
  const summary = [
    check.format.toUpperCase(),
    isText && check.encoding,
    isText && delimiter && `${delimiter.toLowerCase()} between fields`,
    ...(settings.timestamp_formats ?? settings.date_formats ?? []).map((format) => `dates like ${example(format)}`),
  ].filter(Boolean);

  return (
    <ExpandableSection
      headerText="How the file is written"
      headerDescription={summary.join(", ")}
      expanded={open}
      onChange={({ detail }) => setOpen(detail.expanded)}
    >
      <ColumnLayout columns={3}>
        {isText && (
          <Choice
            label="Between fields"
            recognised={settings.delimiter ? undefined : (delimiter ?? undefined)}
            value={settings.delimiter}
            options={Object.entries(DELIMITERS).map(([value, label]) => ({ value, label }))}
            onChange={(value) => set("delimiter", value)}
          />
        )}
        {isText && (
          <Choice
            label="Letters (encoding)"
            recognised={settings.encoding ? undefined : (check.encoding ?? undefined)}
            value={settings.encoding}
            options={ENCODINGS.map((value) => ({ value, label: value }))}
            onChange={(value) => set("encoding", value)}
          />
        )}
        <Choice
          label="First line"
          value={settings.header}
          options={[
            { value: "required", label: "Names the columns" },
            { value: "none", label: "Is a row already" },
          ]}
          onChange={(value) => set("header", value)}
        />
        {FORMS.map(
          ({ kind, name, label, iso, known }) =>
            has(kind) && (
              <Choice
                key={name}
                label={label}
                recognised={hasRead ? iso : undefined}
                value={settings[name]?.[0]}
                options={formats(known, settings[name])}
                onChange={(value) => set(name, value === undefined ? undefined : [value])}
              />
            ),
        )}
        {has("timestamp") && (
          <Choice
            label="Time zone of times without one"
            recognised="UTC"
            value={settings.time_zone}
            options={zones()}
            filtering
            onChange={(value) => set("time_zone", value)}
          />
        )}
        <Lines value={settings.skip_lines} onChange={(value) => set("skip_lines", value)} />
        <NoValue value={settings.null_values} onChange={(value) => set("null_values", value)} />
        {has("decimal") && (
          <FormField label="Decimal numbers">
            <Toggle
              checked={settings.decimal_comma ?? false}
              onChange={({ detail }) => set("decimal_comma", detail.checked || undefined)}
            >
              Written with a comma: 12,50
            </Toggle>
          </FormField>
        )}
      </ColumnLayout>
    </ExpandableSection>
  );
}

function formats(known: string[], chosen: string[] | undefined): SelectProps.Option[] {
  return [...new Set([...(chosen ?? []), ...known])].map((value) => ({
    value,
    label: example(value),
    description: order(value),
  }));
}

function zones(): SelectProps.Option[] {
  const all = Intl.supportedValuesOf("timeZone");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [own, ...all.filter((zone) => zone !== own)].map((value) => ({ value, label: value }));
}

interface ChoiceProps {
  label: string;
  /** The loader's own choice. */
  recognised?: string;
  value: string | undefined;
  options: SelectProps.Option[];
  filtering?: boolean;
  onChange: (value: string | undefined) => void;
}

function Choice({ label, recognised, value, options, filtering, onChange }: ChoiceProps) {
  const automatic = { value: AS_RECOGNISED, label: recognised ? `As recognised: ${recognised}` : "As recognised" };
  const all = [automatic, ...options];
  return (
    <FormField label={label}>
      <Select
        selectedOption={all.find((option) => option.value === (value ?? AS_RECOGNISED)) ?? { value, label: value }}
        options={all}
        filteringType={filtering ? "auto" : "none"}
        virtualScroll={filtering}
        onChange={({ detail }) => onChange(detail.selectedOption.value || undefined)}
        ariaLabel={label}
      />
    </FormField>
  );
}

function Lines({ value, onChange }: { value: number | undefined; onChange: (value: number | undefined) => void }) {
  return (
    <FormField label="Lines to skip" description="Titles above the header or the first row.">
      <Input
        type="number"
        value={value === undefined ? "" : String(value)}
        placeholder="0"
        onChange={({ detail }) => {
          const lines = Math.trunc(Number(detail.value));
          onChange(detail.value === "" || !(lines > 0) ? undefined : Math.min(lines, 1000));
        }}
        inputMode="numeric"
      />
    </FormField>
  );
}

interface NoValueProps {
  value: string[] | undefined;
  onChange: (value: string[] | undefined) => void;
}

function NoValue({ value = [], onChange }: NoValueProps) {
  const [typed, setTyped] = useState("");
  // The typed text stays as it is, even with a comma at its end, unless the list was changed
  // elsewhere.
  const text = JSON.stringify(listed(typed)) === JSON.stringify(value) ? typed : value.join(", ");
  return (
    <FormField label="Fields that mean no value" description="Several with commas between, like N/A, NULL.">
      <Input
        value={text}
        onChange={({ detail }) => {
          const values = listed(detail.value);
          setTyped(detail.value);
          onChange(values.length === 0 ? undefined : values);
        }}
      />
    </FormField>
  );
}
