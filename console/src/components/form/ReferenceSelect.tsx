import Input from "@cloudscape-design/components/input";
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import { useEffect, useRef, useState } from "react";
import { ProblemError } from "../../api/problem";
import { getRow, listRows } from "../../api/tables";
import type { Row, Table } from "../../api/types";
import { keyText } from "../keys";
import { nameColumn } from "./references";

interface Props {
  /** The table that is referred to; `undefined` where the caller does not see it. */
  table: Table | undefined;
  value: string;
  onChange: (value: string) => void;
  required?: boolean;
  invalid?: boolean;
  /** Its name, where no form field says it. */
  label: string;
}

const PAGE = 50;
/** Milliseconds without a key pressed before the names are asked for. */
const PAUSE = 250;
const NONE: SelectProps.Option = { value: "", label: "None" };

/** Chooses the row that a column refers to by its name. */
export function ReferenceSelect({ table, value, onChange, required, invalid, label }: Props) {
  const [options, setOptions] = useState<SelectProps.Option[]>([]);
  const [status, setStatus] = useState<"pending" | "loading" | "finished" | "error">("pending");
  const [selected, setSelected] = useState<SelectProps.Option | null>(null);
  const search = useRef<{ text: string; next: number | string | null; turn: number }>({
    text: "",
    next: null,
    turn: 0,
  });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const name = nameColumn(table);

  const option = (row: Row): SelectProps.Option => ({
    value: String(row[table?.key ?? "id"]),
    label: name ? String(row[name.name] ?? "") : String(row[table?.key ?? "id"]),
    ...(name ? { labelTag: String(row[table?.key ?? "id"]) } : {}),
  });

  // The name of the value that there is.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `option` is made anew of `table` each time.
  useEffect(() => {
    if (!table || value === "") {
      setSelected(null);
      return;
    }
    if (selected?.value === value) {
      return;
    }
    setSelected({ value, label: value });
    const abort = new AbortController();
    getRow(table.name, keyText([value]), abort.signal)
      .then((row) => setSelected(option(row)))
      .catch((error: Error) => {
        if (!abort.signal.aborted) {
          const isGone = error instanceof ProblemError && error.status === 404;
          setSelected({ value, label: `${value} (${isGone ? "no such row" : "its name could not be read"})` });
        }
      });
    return () => abort.abort();
  }, [table, value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  if (!table) {
    return (
      <Input
        value={value}
        onChange={({ detail }) => onChange(detail.value)}
        inputMode="numeric"
        invalid={invalid ?? false}
        {...(label ? { ariaLabel: label } : {})}
      />
    );
  }

  async function read(text: string, more: boolean) {
    if (!table) {
      return;
    }
    const turn = ++search.current.turn;
    setStatus("loading");
    try {
      const column = name?.name ?? table.key;
      const page = await listRows(table.name, {
        limit: PAGE,
        after: more ? search.current.next : null,
        filter: text === "" ? null : { column, value: text },
      });
      if (turn === search.current.turn) {
        search.current = { text, next: page.next, turn };
        const found = page.rows.map(option);
        setOptions((before) => (more ? [...before, ...found] : found));
        setStatus(page.next === null ? "finished" : "pending");
      }
    } catch {
      if (turn === search.current.turn) {
        setStatus("error");
      }
    }
  }

  return (
    <Select
      selectedOption={selected}
      options={required || options.length === 0 ? options : [NONE, ...options]}
      filteringType="manual"
      filteringPlaceholder={name ? `Search by ${name.name}` : "Search by number"}
      filteringAriaLabel={`Search ${table.name}`}
      statusType={status}
      loadingText="Searching"
      errorText="The names could not be read."
      recoveryText="Try again"
      finishedText={options.length === 0 ? "" : "These are all."}
      empty="No row has this name."
      placeholder="Choose"
      {...(label ? { ariaLabel: label } : {})}
      ariaRequired={required ?? false}
      invalid={invalid ?? false}
      onLoadItems={({ detail: { filteringText, firstPage, samePage } }) => {
        clearTimeout(timer.current);
        if (firstPage && !samePage) {
          setOptions([]);
          setStatus("loading");
          timer.current = setTimeout(() => void read(filteringText, false), filteringText === "" ? 0 : PAUSE);
        } else {
          void read(filteringText, !firstPage);
        }
      }}
      onChange={({ detail }) => {
        setSelected(detail.selectedOption.value === "" ? null : detail.selectedOption);
        onChange(detail.selectedOption.value ?? "");
      }}
    />
  );
}
