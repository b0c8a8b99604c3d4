import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import type { Table } from "../../api/types";
import { count, counted } from "../../components/format";
import { reasonOf } from "../../verdict/rejects/rejects";
import { Choices, Dates } from "./Choices";
import { Match } from "./Match";
import { Preview } from "./Preview";
import { matchFaults, matchOf, missingColumns } from "./settings";
import type { Work } from "./work";

interface Props {
  table: Table;
  work: Work;
  setWork: (change: (work: Work) => Work) => void;
  checking: boolean;
  /** False: the check saw the file's beginning alone. */
  whole: boolean;
  failed: boolean;
  /** The names of the file's columns, and values of each. */
  names: string[];
  examples: Record<string, string>;
  /** The upload had begun, and continues. */
  interrupted: boolean;
  onSend: () => void;
  onCancel: () => void;
}

/**
 * The reading of the file: its columns, open decisions, its first rows, and the button that sends
 * it.
 */
export function Reading({
  table,
  work,
  setWork,
  checking,
  whole,
  failed,
  names,
  examples,
  interrupted,
  onSend,
  onCancel,
}: Props) {
  const { check } = work;
  if (check === null) {
    return checking ? (
      <Container>
        <Box textAlign="center" padding="l">
          <Spinner /> Reading the first rows
        </Box>
      </Container>
    ) : null;
  }
  const needsMatch =
    names.length > 0 &&
    (work.settings.columns !== undefined ||
      check.problem !== null ||
      check.columns.some(({ column }) => column === null));
  const columns = needsMatch ? matchOf(table, names, check, work.settings) : null;
  const faults = columns ? matchFaults(columns) : {};
  const missing = columns ? missingColumns(table, columns) : [];
  const unclear = Object.keys(work.unclear).filter(
    (name) => work.settings[name as keyof typeof work.unclear] === undefined,
  );
  const unmatched = missing.length > 0 || Object.keys(faults).length > 0;
  const workbook = check.format.startsWith("xls") && !whole;
  const stops: string[] = [
    ...(Object.keys(faults).length > 0 ? ["A column of the table is matched twice."] : []),
    ...(missing.length > 0
      ? [
          `No column of the file is matched to ${missing.map(({ name }) => name).join(", ")}. Match one, or add the column to the file.`,
        ]
      : []),
    ...(unclear.length > 0 ? ["Choose above which date is meant."] : []),
    ...(work.mode === "replace" && !work.agreed ? [`Agree above that all rows of ${table.name} are replaced.`] : []),
  ];
  const unreadable = check.problem !== null && whole;
  const good = check.rows_read - check.rows_rejected;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="The loader reads the file like this. Nothing has been loaded yet."
          info={checking ? <Spinner /> : undefined}
        >
          How it is read
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Dates work={work} setWork={setWork} />
        <div aria-live="polite">
          {(unclear.length > 0 && !check.problem) || unmatched ? null : check.problem ? (
            <Alert
              type={workbook ? "info" : "error"}
              header={workbook ? undefined : "The file cannot be read as it is"}
            >
              {check.problem}
            </Alert>
          ) : (
            <Alert
              type={check.rows_rejected > 0 ? "warning" : check.rows_read === 0 ? "info" : "success"}
              header={
                check.rows_read === 0
                  ? "The file has no rows"
                  : check.rows_read === 1
                    ? `${whole ? "The" : "The first"} row ${check.rows_rejected === 0 ? "can be read" : "would be refused"}`
                    : check.rows_rejected === 0
                      ? `${whole ? "All" : "The first"} ${counted(check.rows_read, "row")} can be read`
                      : `${good === 0 ? "None" : count(good)} of the ${whole ? "" : "first "}${counted(check.rows_read, "row")} can be read, ${count(check.rows_rejected)} would be refused`
              }
            >
              {check.rows_rejected > 0
                ? `${Object.entries(check.codes)
                    .map(([code, rows]) => `${reasonOf(code)}: ${count(rows)}`)
                    .join(" · ")}. You can send the file as it is, and correct the refused rows afterwards.`
                : check.rows_read === 0
                  ? "It would be loaded, and change nothing."
                  : work.mode === "append"
                    ? "Whether an id is taken already shows when the rows are loaded."
                    : "They look as the table expects them."}
            </Alert>
          )}
        </div>
        {check.warnings.map((warning) => (
          <Alert key={warning} type="info">
            {warning}
          </Alert>
        ))}
        {columns && (
          <Match
            table={table}
            work={work}
            setWork={setWork}
            names={names}
            columns={columns}
            faults={faults}
            missing={missing}
            examples={examples}
          />
        )}
        <Choices table={table} work={work} setWork={setWork} />
        {check.rows.length > 0 && <Preview table={table} check={check} />}
        {stops.length > 0 && (
          <div aria-live="polite">
            <Alert type="warning" header="Before it can be sent">
              {stops.length === 1 ? stops[0] : stops.map((stop) => <div key={stop}>{stop}</div>)}
            </Alert>
          </div>
        )}
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            variant="primary"
            iconName="upload"
            disabled={stops.length > 0 || unreadable || checking || failed}
            onClick={onSend}
          >
            {interrupted ? "Go on sending" : `Load into ${table.name}`}
          </Button>
          <Button variant="link" onClick={onCancel}>
            Cancel
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}
