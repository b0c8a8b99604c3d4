import Box from "@cloudscape-design/components/box";
import Cards from "@cloudscape-design/components/cards";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useMemo, useState } from "react";
import "../components.css";
import { useNarrow } from "../useNarrow";

export interface DataColumn<T> {
  id: string;
  header: string;
  cell: (item: T) => ReactNode;
  /** The value to sort by; a column without it cannot be sorted. */
  value?: (item: T) => string | number | null;
  /** Stands at the head of a card. The first column does where none says so. */
  title?: boolean;
  minWidth?: number;
  /** Takes a whole line of a card. */
  wide?: boolean;
}

/** Pixels that a column has at least, so that its head stays on one line. */
const LEAST_WIDTH = 80;

const NONE: readonly never[] = [];

interface Props<T> {
  label: string;
  columns: readonly DataColumn<T>[];
  /** Null: they could not be read, so nothing is said of how many there are. */
  items: readonly T[] | null;
  id: (item: T) => string;
  loading?: boolean;
  /** The text if there are no items. */
  empty: ReactNode;
  header?: ReactNode;
  filter?: ReactNode;
  pagination?: ReactNode;
  /** Shows so many at once, where all of them are there. */
  pageSize?: number;
  /** Cells stand at the top of their row; for cells that grow. */
  top?: boolean;
  variant?: "container" | "embedded" | "borderless";
}

/** A table; on a narrow screen, cards with the same content. */
export function DataTable<T>({ label, columns, id, variant = "container", ...props }: Props<T>) {
  const items: readonly T[] = props.items ?? NONE;
  const narrow = useNarrow();
  const [sorting, setSorting] = useState<{ by: string; descending: boolean } | null>(null);
  const sorted = useMemo(() => {
    const value = columns.find((column) => column.id === sorting?.by)?.value;
    return value === undefined || sorting === null
      ? items
      : items.toSorted((a, b) => compare(value(a), value(b)) * (sorting.descending ? -1 : 1));
  }, [items, columns, sorting]);
  const [page, setPage] = useState(1);
  const pages = props.pageSize ? Math.ceil(sorted.length / props.pageSize) : 1;
  const current = Math.min(page, Math.max(1, pages));
  const shown = props.pageSize ? sorted.slice((current - 1) * props.pageSize, current * props.pageSize) : sorted;
  const pagination =
    pages > 1 ? (
      <Pagination
        currentPageIndex={current}
        pagesCount={pages}
        onChange={({ detail }) => setPage(detail.currentPageIndex)}
        ariaLabels={{
          nextPageLabel: "Next page",
          previousPageLabel: "Previous page",
          pageLabel: (number) => `Page ${number} of ${pages}`,
        }}
      />
    ) : (
      props.pagination
    );
  const empty = (
    <Box textAlign="center" color="text-body-secondary" padding={{ vertical: "m" }}>
      {props.items && props.empty}
    </Box>
  );
  const shared = { items: shown, empty, loading: props.loading ?? false, loadingText: "Loading", trackBy: id };

  if (narrow) {
    const title = columns.find((column) => column.title) ?? columns[0];
    const rest = columns.filter((column) => column !== title);
    return (
      <SpaceBetween size="s">
        <Cards
          {...shared}
          header={props.header}
          filter={props.filter}
          pagination={pagination}
          cardsPerRow={[{ cards: 1 }]}
          ariaLabels={{ cardsLabel: label, itemSelectionLabel: () => "", selectionGroupLabel: "" }}
          cardDefinition={{
            header: (item) => title?.cell(item),
            sections: rest.map((column) => ({
              id: column.id,
              header: column.header,
              content: column.cell,
              width: column.wide ? 100 : 50,
            })),
          }}
        />
      </SpaceBetween>
    );
  }
  const definitions: TableProps.ColumnDefinition<T>[] = columns.map((column) => ({
    id: column.id,
    header: column.header,
    cell: (item) => <div className="words">{column.cell(item)}</div>,
    ...(column.value ? { sortingField: column.id } : {}),
    minWidth: column.minWidth ?? LEAST_WIDTH,
  }));
  return (
    <Table
      {...shared}
      variant={variant}
      header={props.header}
      filter={props.filter}
      pagination={pagination}
      columnDefinitions={definitions}
      wrapLines
      cellVerticalAlign={props.top ? "top" : "middle"}
      ariaLabels={{ tableLabel: label }}
      enableKeyboardNavigation={false}
      {...(sorting ? { sortingColumn: { sortingField: sorting.by }, sortingDescending: sorting.descending } : {})}
      onSortingChange={({ detail }) =>
        setSorting({ by: detail.sortingColumn.sortingField ?? "", descending: detail.isDescending ?? false })
      }
    />
  );
}

/** Sorts numbers by size, texts by language, and nothing last. */
function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) {
    return a === b ? 0 : a === null ? 1 : -1;
  }
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
}
