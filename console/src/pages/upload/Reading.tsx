import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import type { Check, Mode, Table } from "../../api/types";
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
  const unclear = Object.keys(work.unclear).some(
    (name) => work.settings[name as keyof typeof work.unclear] === undefined,
  );
  const twice = Object.keys(faults).length > 0;
  const unmatched = missing.length > 0 || twice;
  const stops = [
    twice && "A column of the table is matched twice.",
    missing.length > 0 &&
      `No column of the file is matched to ${missing.map(({ name }) => name).join(", ")}. Match one, or add the column to the file.`,
    unclear && "Choose above which date is meant.",
    work.mode === "replace" && !work.agreed && `Agree above that all rows of ${table.name} are replaced.`,
  ].filter((stop) => stop !== false);
  const unreadable = check.problem !== null && whole;
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
          {!unmatched && (check.problem || !unclear) && <Result check={check} whole={whole} mode={work.mode} />}
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

/** What the check says of the file, or of its beginning. */
function Result({ check, whole, mode }: { check: Check; whole: boolean; mode: Mode }) {
  const { problem, rows_read, rows_rejected, codes } = check;
  if (problem) {
    const workbook = check.format.startsWith("xls") && !whole;
    return (
      <Alert type={workbook ? "info" : "error"} header={workbook ? undefined : "The file cannot be read as it is"}>
        {problem}
      </Alert>
    );
  }
  if (rows_read === 0) {
    return (
      <Alert type="info" header="The file has no rows">
        It would be loaded, and change nothing.
      </Alert>
    );
  }
  if (rows_rejected === 0) {
    const rows = rows_read === 1 ? "row" : counted(rows_read, "row");
    const which = rows_read === 1 || !whole ? (whole ? "The" : "The first") : "All";
    return (
      <Alert type="success" header={`${which} ${rows} can be read`}>
        {mode === "append"
          ? "Whether an id is taken already shows when the rows are loaded."
          : "They look as the table expects them."}
      </Alert>
    );
  }
  const good = rows_read - rows_rejected;
  const reasons = Object.entries(codes).map(([code, rows]) => `${reasonOf(code)}: ${count(rows)}`);
  return (
    <Alert
      type="warning"
      header={
        rows_read === 1
          ? `${whole ? "The" : "The first"} row would be refused`
          : `${good === 0 ? "None" : count(good)} of the ${whole ? "" : "first "}${counted(rows_read, "row")} can be read, ${count(rows_rejected)} would be refused`
      }
    >
      {reasons.join(" · ")}. You can send the file as it is, and correct the refused rows afterwards.
    </Alert>
  );
}
