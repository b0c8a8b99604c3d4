import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { getLoad } from "../api/loads";
import { listTables } from "../api/tables";
import type { FileSettings, Load, LoadDetail } from "../api/types";
import { useResource } from "../api/use";
import { bytes, count, counted, duration } from "../components/format";
import { ProblemAlert } from "../components/feedback/ProblemAlert";
import { useSession } from "../session";
import { href } from "../shell/route";
import { FixTable } from "./fix/FixTable";
import { followLoad } from "./follow";
import { countByCode } from "./rejects/rejects";
import { hasEnded, readRejects } from "./rejects/readRejects";
import { rowsLoaded, MODES, verdict } from "./words";

const RefusedChart = lazy(() => import("./rejects/RefusedChart"));

interface FollowedProps {
  file: string;
  before: string[];
  /** The load's id, once it is known. */
  load: string | null;
  settings?: FileSettings;
  brief?: boolean;
  /** The number of rows of the file, as far as its beginning shows. */
  expected?: number;
  onLoad?: (load: Load) => void;
  /** Loads of its refused rows, so far as the page knows of them. */
  again?: readonly Load[];
  /** Hears of the loads of what was sent again. */
  onAgain?: (load: Load) => void;
}

/** Follows the load of a file that was sent until it has ended, then shows its result. */
export function FollowedVerdict(props: FollowedProps) {
  const { file, before, load: known, settings, brief, expected, onLoad, again, onAgain } = props;
  const [load, setLoad] = useState<Load | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [late, setLate] = useState(false);
  const [turn, setTurn] = useState(0);
  const latest = useRef(onLoad);
  latest.current = onLoad;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` tries again, and what it is known by does not change.
  useEffect(() => {
    const abort = new AbortController();
    const see = (load: Load) => {
      setLoad(load);
      setError(null);
      setLate(false);
      latest.current?.(load);
    };
    followLoad(file, before, known, see, () => setLate(true), abort.signal).catch((error: Error) => {
      if (!abort.signal.aborted) {
        setError(error);
      }
    });
    return () => abort.abort();
  }, [file, turn]);

  return (
    <SpaceBetween size="m">
      {error && (
        <ProblemAlert
          error={error}
          header="The load's state could not be read"
          onRetry={() => setTurn((turn) => turn + 1)}
        />
      )}
      {late && (
        <Alert type="warning" header="The load has not begun">
          The file has arrived, but after two minutes it is still waiting, perhaps behind others. This page goes on
          looking. If nothing changes, ask an operator, and name the file: <Box variant="code">{file}</Box>
        </Alert>
      )}
      {load === null || load.status === "running" ? (
        <div aria-live="polite">
          {load && expected ? (
            <ProgressBar
              label="Loading"
              description={figures(load)}
              additionalInfo={`Of about ${count(expected)} rows. You may leave this page.`}
              value={Math.min(99, (100 * load.rows_read) / expected)}
            />
          ) : (
            <StatusIndicator type="loading">
              {load
                ? `Loading: ${figures(load)}`
                : late
                  ? "Waiting for the load to begin. You may leave this page."
                  : "The file has arrived, and is taken up within seconds. You may leave this page."}
            </StatusIndicator>
          )}
        </div>
      ) : (
        <Verdict load={load} settings={settings} brief={brief} again={again} onAgain={onAgain} />
      )}
    </SpaceBetween>
  );
}

const figures = (load: Load): string =>
  `${counted(load.rows_read, "row")} read, ${count(load.rows_loaded)} loaded, ${count(load.rows_rejected)} refused`;

interface Props {
  load: Load;
  settings?: FileSettings;
  /** True: without the figures, as below another load. */
  brief?: boolean;
  again?: readonly Load[];
  onAgain?: (load: Load) => void;
}

const NONE: readonly Load[] = [];

/** A load that has ended: its result, its figures, and its refused rows to correct. */
export function Verdict({ load, settings, brief, again = NONE, onAgain }: Props) {
  const { can } = useSession();
  const [heard, setHeard] = useState<readonly Load[]>(NONE);
  const hear = (load: Load) => {
    setHeard((heard) => [...heard.filter((one) => one.load !== load.load), load]);
    onAgain?.(load);
  };
  // The results received here are newer than those that the page has read.
  const back = [...again.filter(({ load }) => heard.every((one) => one.load !== load)), ...heard];
  const { type, header, text } = verdict(load, can("write"), back);
  return (
    <SpaceBetween size="l">
      <div aria-live="polite">
        <Alert
          type={type}
          header={header}
          action={
            load.same_as && (
              <Button href={href(["loads", load.same_as])} variant="normal">
                Show that load
              </Button>
            )
          }
        >
          {text}
        </Alert>
      </div>
      {load.warnings.map((warning) => (
        <Alert key={warning} type="warning">
          {warning}
        </Alert>
      ))}
      {!brief && <Figures load={load} />}
      {load.rows_rejected > 0 && (
        <Refused
          load={load}
          settings={settings}
          editable={can("write")}
          allIn={rowsLoaded(back) >= load.rows_rejected}
          onAgain={hear}
        />
      )}
    </SpaceBetween>
  );
}

function Figures({ load }: { load: Load }) {
  return (
    <KeyValuePairs
      columns={4}
      minColumnWidth={120}
      items={[
        { label: "Loaded", value: count(load.rows_loaded) },
        { label: "Refused", value: count(load.rows_rejected) },
        { label: "Read", value: count(load.rows_read) },
        { label: "Took", value: duration(load.started_at, load.finished_at) },
        { label: "Table", value: <Link href={href(["tables", load.table])}>{load.table}</Link> },
        { label: "How", value: MODES[load.mode].label },
        { label: "Size", value: bytes(load.bytes) },
        {
          label: "References that name no row",
          value:
            load.unknown_references === 0 ? (
              "None"
            ) : (
              <Link href={href(["outliers"], { table: load.table })}>{count(load.unknown_references)}</Link>
            ),
        },
      ]}
    />
  );
}

interface RefusedProps {
  load: Load;
  settings?: FileSettings;
  editable: boolean;
  allIn: boolean;
  onAgain: (load: Load) => void;
}

function Refused({ load, settings, editable, allIn, onAgain }: RefusedProps) {
  const tables = useResource(listTables, []);
  // Links end after a quarter of an hour: they are asked for with each read. The rows stay on the
  // page.
  const refused = useResource(
    async (signal) => {
      const detail = await getLoad(load.load, null, signal);
      return { detail, rejects: await readRejects(detail, signal) };
    },
    [load.load, load.rows_rejected],
  );
  const rejects = refused.data?.rejects;
  const counts = useMemo(() => countByCode(rejects?.rows ?? []), [rejects]);
  const problem = refused.error ?? tables.error;
  if (problem) {
    return (
      <ProblemAlert
        error={problem}
        header="The refused rows cannot be shown"
        onRetry={() => {
          refused.reload();
          tables.reload();
        }}
      />
    );
  }
  if (refused.data === null || rejects === undefined || tables.data === null) {
    return (
      <Box textAlign="center">
        <Spinner /> Fetching the refused rows
      </Box>
    );
  }
  const replaced = load.mode === "replace" && load.status === "failed";
  return (
    <SpaceBetween size="l">
      {replaced && (
        <Alert type="info">
          The table is as it was: a file that replaces it must be right as a whole. Correct these rows in the file
          itself, and upload it again.
        </Alert>
      )}
      <FixTable
        load={load}
        rejects={rejects}
        tables={tables.data}
        settings={settings}
        editable={editable && !replaced}
        allIn={allIn}
        onAgain={onAgain}
      />
      <Downloads detail={refused.data.detail} />
      <Suspense fallback={<Spinner />}>
        <RefusedChart counts={counts} of={rejects.rows.length} whole={rejects.more === 0} />
      </Suspense>
    </SpaceBetween>
  );
}

function Downloads({ detail }: { detail: LoadDetail }) {
  const [error, setError] = useState<Error | null>(null);

  const download = async (key: string) => {
    setError(null);
    try {
      const { rejects } = await getLoad(detail.load);
      const file = rejects.find((one) => one.key === key);
      if (file === undefined) {
        throw new Error("The file of refused rows is no longer there. Load the page again.");
      }
      // It comes as an attachment: the page stays.
      window.location.assign(file.url);
    } catch (error) {
      setError(error as Error);
    }
  };

  return (
    <SpaceBetween size="xxs">
      {error && <ProblemAlert error={error} header="The refused rows could not be downloaded" />}
      {detail.rejects.slice(0, 20).map((file, index) => (
        <Link
          key={file.key}
          href={file.url}
          target="_blank"
          rel="noopener noreferrer"
          onFollow={(event) => {
            if (hasEnded(detail.rejects_expire_at, Date.now())) {
              event.preventDefault();
              void download(file.key);
            }
          }}
        >
          {detail.rejects.length === 1
            ? "Download the refused rows (CSV, opens in Excel)"
            : `Download part ${index + 1} of the refused rows, ${count(file.rows)} rows`}
        </Link>
      ))}
      {detail.rejects_files > 20 && (
        <Box color="text-body-secondary">
          There are {count(detail.rejects_files)} files: <Box variant="code">rowgate rejects {detail.load}</Box> fetches
          all of them.
        </Box>
      )}
    </SpaceBetween>
  );
}
