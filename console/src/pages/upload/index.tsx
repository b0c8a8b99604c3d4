import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useMemo, useState } from "react";
import { listTables } from "../../api/tables";
import type { FileSettings, Table } from "../../api/types";
import { checkFile } from "../../api/uploads";
import { useResource } from "../../api/use";
import { bytes } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { keep, readKept, settingsKey, useKept } from "../../shell/kept";
import { useRoute } from "../../shell/route";
import { outbox, useOutgoing } from "../../verdict/outbox/outbox";
import { FollowedVerdict } from "../../verdict/Verdict";
import { fileName } from "../../verdict/words";
import { Choose } from "./Choose";
import { fromBase64, HEAD_BYTES, readHead } from "./file";
import { Reading } from "./Reading";
import { firstNames, samples } from "./samples";
import { fileColumns, remember, settingsOfRejects } from "./settings";
import { settle } from "./settle";
import { expectedRows, interrupted, NO_WORK, signOf, type Work, withoutCheck } from "./work";

const UPLOAD = "upload";
const CONTENT = "upload.content";
const TYPING = 300;

/** Brings a file into a table: choose, see how it is read, send, mend what was refused. */
export default function Upload() {
  const tables = useResource(listTables, []);
  const [work, setWork] = useKept<Work>(UPLOAD, NO_WORK);
  const { params } = useRoute();
  const asked = params.get("table");

  useEffect(() => {
    if (asked && !work.sent && work.table === null) {
      setWork((work) => ({ ...work, table: asked }));
    }
  }, [asked, work.sent, work.table, setWork]);

  const startAgain = () => {
    outbox.dismiss(UPLOAD);
    keep(CONTENT, null);
    setWork(({ table, mode }) => ({ ...NO_WORK, table, mode: mode === "replace" ? "append" : mode }));
  };

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Bring a file of rows into a table. What cannot be loaded is shown with the reason, and can be corrected here."
          actions={work.sent?.arrived && <Button onClick={startAgain}>Upload another file</Button>}
        >
          Upload
        </Header>
      }
    >
      {tables.error && <ProblemAlert error={tables.error} header="The tables cannot be read" onRetry={tables.reload} />}
      {work.sent?.arrived && work.file ? (
        <Container header={<Header variant="h2">{fileName(work.sent.key)}</Header>}>
          <FollowedVerdict
            file={work.sent.key}
            before={work.sent.before}
            load={work.sent.load}
            expected={expectedRows(work, HEAD_BYTES)}
            settings={settingsOfRejects(work.settings)}
            onLoad={({ load }) => {
              // The load's own page sends its refused rows again in the same forms.
              keep(settingsKey(load), settingsOfRejects(work.settings));
              setWork((work) => (work.sent ? { ...work, sent: { ...work.sent, load } } : work));
            }}
          />
        </Container>
      ) : (
        <Prepare tables={tables.data} work={work} setWork={setWork} onCancel={startAgain} />
      )}
    </ContentLayout>
  );
}

interface PrepareProps {
  tables: Table[] | null;
  work: Work;
  setWork: (change: (work: Work) => Work) => void;
  onCancel: () => void;
}

/** The content of the file that is kept in this tab, as the file itself. */
function keptFile(work: Work): File | null {
  const content = work.file ? readKept<string>(CONTENT) : null;
  return work.file && content !== null
    ? new File([fromBase64(content)], work.file.name, { lastModified: work.file.modified })
    : null;
}

function Prepare({ tables, work, setWork, onCancel }: PrepareProps) {
  const [file, setFile] = useState<File | null>(() => (outbox.get(UPLOAD)?.file as File | undefined) ?? keptFile(work));
  const outgoing = useOutgoing(UPLOAD);
  const [checking, setChecking] = useState(false);
  const [checkError, setCheckError] = useState<Error | null>(null);
  const table = tables?.find((one) => one.name === work.table);

  const choose = (chosen: File | null) => {
    outbox.dismiss(UPLOAD);
    setCheckError(null);
    keep(CONTENT, null);
    setFile(chosen);
    setWork((work) => {
      const same =
        chosen !== null &&
        work.file?.name === chosen.name &&
        work.file.size === chosen.size &&
        work.file.modified === chosen.lastModified;
      const next = same ? work : withoutCheck(work);
      return {
        ...next,
        file: chosen && { name: chosen.name, size: chosen.size, modified: chosen.lastModified },
      };
    });
  };

  const [turn, setTurn] = useState(0);
  const [head, setHead] = useState<{ file: File; content: string } | null>(null);
  const content = head !== null && head.file === file ? head.content : null;
  const headBytes = useMemo(() => (content === null ? null : fromBase64(content)), [content]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` tries again.
  useEffect(() => {
    if (file === null) {
      return;
    }
    let left = false;
    readHead(file).then(
      (content) => {
        if (!left) {
          setHead({ file, content });
          if (file.size <= HEAD_BYTES) {
            keep(CONTENT, content);
          }
        }
      },
      (error: Error) => left || setCheckError(error),
    );
    return () => {
      left = true;
    };
  }, [file, turn]);
  const names = useMemo(() => {
    const known = work.check ? fileColumns(work.check) : [];
    const isOfText = work.check?.problem?.startsWith("line ") && /^[ct]sv$/.test(work.check.format);
    return known.length === 0 && headBytes && isOfText ? firstNames(headBytes, work.settings) : known;
  }, [headBytes, work.check, work.settings]);
  const examples = useMemo(
    () => (headBytes ? samples(headBytes, names, work.settings) : {}),
    [headBytes, names, work.settings],
  );
  const wanted = signOf(work);
  const isChecked = work.checked === wanted;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` is what a check depends on; `turn` tries again.
  useEffect(() => {
    if (file === null || content === null || !table || isChecked) {
      return;
    }
    const controller = new AbortController();
    const { mode, settings } = work;
    const whole = file.size <= HEAD_BYTES;
    const ask = (settings: FileSettings) =>
      checkFile({ table: table.name, file: file.name, mode, settings, content, whole }, controller.signal);
    setChecking(true);
    // Typed settings are checked when the typing has stopped.
    const timer = setTimeout(async () => {
      try {
        const settled = await settle(ask, table, settings);
        if (controller.signal.aborted) {
          return;
        }
        setCheckError(null);
        setChecking(false);
        setWork((work) => ({
          ...work,
          check: settled.check,
          settings: settled.settings,
          unclear: Object.keys(settled.unclear).length > 0 ? settled.unclear : work.unclear,
          recalled: settled.recalled || work.recalled,
          checked: signOf({ ...work, table: table.name, mode, settings: settled.settings }),
        }));
      } catch (error) {
        if (!controller.signal.aborted) {
          setCheckError(error as Error);
          setChecking(false);
        }
      }
    }, TYPING);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [content, wanted, isChecked, turn, table === undefined]);

  const send = () => {
    if (file === null || work.table === null) {
      return;
    }
    if (work.remember && names.length > 0) {
      remember(work.table, names, work.settings);
    }
    const settings = Object.keys(work.settings).length > 0 ? work.settings : undefined;
    const resume = interrupted(work);
    if (resume === null) {
      setWork((work) => ({ ...work, sent: null }));
    }
    void outbox.send(UPLOAD, {
      file,
      request: { table: work.table, file: file.name, mode: work.mode, settings },
      resume: resume?.id,
      onStarted: (upload, before) => {
        const id = "parts" in upload ? upload.id : null;
        const sent = { key: upload.key, id, sign: wanted, before, arrived: false, load: null };
        setWork((work) => ({ ...work, sent }));
      },
      onArrived: () => {
        keep(CONTENT, null);
        setWork((work) => (work.sent ? { ...work, sent: { ...work.sent, arrived: true } } : work));
      },
      // An upload in parts can be resumed where it stopped; any other starts over.
      onEnded: () => setWork((work) => (work.sent?.id ? work : { ...work, sent: null })),
    });
  };

  if (outgoing !== null && outgoing.error === null) {
    const { sent, file } = outgoing;
    return (
      <Container header={<Header variant="h2">Sending {work.file?.name}</Header>}>
        <SpaceBetween size="m">
          <ProgressBar
            value={file.size === 0 ? 100 : (100 * sent) / file.size}
            label="Sent"
            description={`${bytes(sent)} of ${bytes(file.size)}. You may open other pages meanwhile; keep this tab open until the file has arrived.`}
          />
          <Button onClick={() => outbox.stop(UPLOAD)}>Stop</Button>
        </SpaceBetween>
      </Container>
    );
  }

  const goesOn = interrupted(work) !== null;
  return (
    <SpaceBetween size="l">
      {outgoing?.error && (
        <ProblemAlert error={outgoing.error} header="The file was not sent" onDismiss={() => outbox.dismiss(UPLOAD)} />
      )}
      {work.file && file === null && (
        <Alert type="info" header={`Choose ${work.file.name} again`}>
          What was chosen here is kept, but not the file itself. Choose the same file, and everything goes on where it
          was{goesOn ? ", the upload too" : ""}.
        </Alert>
      )}
      <Choose tables={tables} work={work} setWork={setWork} file={file} onFile={choose} />
      {checkError && (
        <ProblemAlert
          error={checkError}
          header="The file could not be checked"
          onRetry={() => {
            setCheckError(null);
            setTurn((turn) => turn + 1);
          }}
        />
      )}
      {file !== null && table && (
        <Reading
          table={table}
          work={work}
          setWork={setWork}
          checking={checking || !isChecked}
          whole={file.size <= HEAD_BYTES}
          names={names}
          examples={examples}
          failed={checkError !== null}
          interrupted={goesOn}
          onSend={send}
          onCancel={() => {
            setFile(null);
            onCancel();
          }}
        />
      )}
      {file === null && !work.file && (
        <Box color="text-body-secondary">
          Spreadsheets (.xlsx), CSV in any delimiter, and JSON lines are read, also packed with gzip or zstd. Nothing is
          loaded before you have seen how it is read.
        </Box>
      )}
    </SpaceBetween>
  );
}
