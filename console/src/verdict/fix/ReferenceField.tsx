import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useRef, useState } from "react";
import { listRows } from "../../api/tables";
import type { Table } from "../../api/types";
import { nameColumn } from "../../components/form/references";
import { ReferenceSelect } from "../../components/form/ReferenceSelect";
import { isNumber, type Named, namedAlone } from "./reference";

interface Props {
  /** The table that is referred to; it has a column of names. */
  table: Table;
  value: string;
  onChange: (value: string) => void;
  invalid: boolean;
  /** The field's name with its error, and without. */
  label: string;
  place: string;
}

/** Milliseconds without a key pressed before a name is asked for. */
const PAUSE = 250;
/** The number of rows that contain the text among which the row of that name is searched. */
const MOST = 100;

/**
 * A reference to correct: its number is typed; if it holds a name, the row of that name is offered,
 * or all rows to search.
 */
export function ReferenceField({ table, value, onChange, invalid, label, place }: Props) {
  const [byName, setByName] = useState(false);
  const found = useNamed(table, invalid && !byName ? value.trim() : "");
  const box = useRef<HTMLDivElement>(null);
  const moved = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was asked for takes the place of what had the focus.
  useEffect(() => {
    if (moved.current) {
      moved.current = false;
      box.current?.querySelector<HTMLElement>("input, button")?.focus();
    }
  }, [byName, value]);

  const move = (change: () => void) => {
    moved.current = true;
    change();
  };

  const offer = byName
    ? { text: "Write the number", take: () => setByName(false) }
    : found
      ? { text: `Use ${found.key} (${found.name})`, take: () => onChange(found.key) }
      : invalid && { text: "Find by name", take: () => setByName(true) };

  return (
    <div ref={box}>
      <SpaceBetween size="xxs">
        {byName ? (
          <ReferenceSelect
            table={table}
            value={isNumber(value) ? value : ""}
            onChange={onChange}
            invalid={invalid}
            label={label}
          />
        ) : (
          <Input
            value={value}
            onChange={({ detail }) => onChange(detail.value)}
            invalid={invalid}
            autoComplete={false}
            ariaLabel={label}
          />
        )}
        {offer && (
          <Button variant="inline-link" ariaLabel={`${offer.text}, ${place}`} onClick={() => move(offer.take)}>
            {offer.text}
          </Button>
        )}
      </SpaceBetween>
    </div>
  );
}

/**
 * The row that alone has the text for its name; null for none, several, and where none can be read.
 */
function useNamed(table: Table, text: string): Named | null {
  const [named, setNamed] = useState<{ text: string; row: Named | null }>({ text: "", row: null });
  const column = nameColumn(table)?.name;
  useEffect(() => {
    if (column === undefined || text === "" || isNumber(text)) {
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      listRows(table.name, { limit: MOST, filter: { column, value: text } }, abort.signal).then(
        (page) => setNamed({ text, row: namedAlone(page, table.key, column, text) }),
        // Without it the name can still be searched for, which says what fails.
        () => {},
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [table.name, table.key, column, text]);
  return named.text === text ? named.row : null;
}
