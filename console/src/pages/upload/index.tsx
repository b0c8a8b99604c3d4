import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useState } from "react";
import { listTables } from "../../api/tables";
import type { Table } from "../../api/types";
import { useResource } from "../../api/use";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { bytes } from "../../components/format";
import { store, settingsKey, useStored } from "../../shell/storage";
import { useRoute } from "../../shell/route";
import { type Outgoing, outbox, useOutgoing } from "../../verdict/outbox/outbox";
import { FollowedVerdict } from "../../verdict/Verdict";
import { fileName } from "../../verdict/words";
import { Choose } from "./Choose";
import { HEAD_BYTES } from "./file";
import { Reading } from "./Reading";
import { remember, settingsOfRejects } from "./settings";
import { CONTENT, storedFile, useChecked, useColumns } from "./useChecked";
import { expectedRows, interrupted, NO_WORK, signOf, type Work, withFile } from "./work";

const UPLOAD = "upload";

/** Brings a file into a table: choose, see how it is read, send, mend what was refused. */
export default function Upload() {
  const tables = useResource(listTables, []);
  const [work, setWork] = useStored<Work>(UPLOAD, NO_WORK);
  const { params } = useRoute();
  const asked = params.get("table");

  useEffect(() => {
    if (asked && !work.sent && work.table === null) {
      setWork((work) => ({ ...work, table: asked }));
    }
  }, [asked, work.sent, work.table, setWork]);

  const startAgain = () => {
    outbox.dismiss(UPLOAD);
    store(CONTENT, null);
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
              store(settingsKey(load), settingsOfRejects(work.settings));
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

/** Chooses the file, shows how it is read, and sends it. */
function Prepare({ tables, work, setWork, onCancel }: PrepareProps) {
  const [file, setFile] = useState<File | null>(
    () => (outbox.get(UPLOAD)?.file as File | undefined) ?? storedFile(work),
  );
  const outgoing = useOutgoing(UPLOAD);
  const table = tables?.find((one) => one.name === work.table);
  const checked = useChecked(file, table, work, setWork);
  const { names, examples } = useColumns(checked, work);

  const choose = (chosen: File | null) => {
    outbox.dismiss(UPLOAD);
    checked.forgetError();
    store(CONTENT, null);
    setFile(chosen);
    setWork((work) => withFile(work, chosen));
  };

  if (outgoing !== null && outgoing.error === null) {
    return <Sending outgoing={outgoing} name={work.file?.name} />;
  }
  const isInterrupted = interrupted(work) !== null;
  return (
    <SpaceBetween size="l">
      {outgoing?.error && (
        <ProblemAlert error={outgoing.error} header="The file was not sent" onDismiss={() => outbox.dismiss(UPLOAD)} />
      )}
      {work.file && file === null && (
        <Alert type="info" header={`Choose ${work.file.name} again`}>
          What was chosen here is kept, but not the file itself. Choose the same file, and everything goes on where it
          was{isInterrupted ? ", the upload too" : ""}.
        </Alert>
      )}
      <Choose tables={tables} work={work} setWork={setWork} file={file} onFile={choose} />
      {checked.error && (
        <ProblemAlert error={checked.error} header="The file could not be checked" onRetry={checked.retry} />
      )}
      {file !== null && table && (
        <Reading
          table={table}
          work={work}
          setWork={setWork}
          checking={checked.checking}
          whole={file.size <= HEAD_BYTES}
          names={names}
          examples={examples}
          failed={checked.error !== null}
          interrupted={isInterrupted}
          onSend={() => {
            if (names.length > 0 && work.remember) {
              remember(table.name, names, work.settings);
            }
            send(file, table, work, setWork);
          }}
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

/** Sends the file, or the rest of it if its upload was interrupted. */
function send(file: File, table: Table, work: Work, setWork: PrepareProps["setWork"]) {
  const settings = Object.keys(work.settings).length > 0 ? work.settings : undefined;
  const resume = interrupted(work);
  if (resume === null) {
    setWork((work) => ({ ...work, sent: null }));
  }
  void outbox.send(UPLOAD, {
    file,
    request: { table: table.name, file: file.name, mode: work.mode, settings },
    resume: resume?.id,
    onStarted: (upload, before) => {
      const id = "parts" in upload ? upload.id : null;
      const sent = { key: upload.key, id, sign: signOf(work), before, arrived: false, load: null };
      setWork((work) => ({ ...work, sent }));
    },
    onArrived: () => {
      store(CONTENT, null);
      setWork((work) => (work.sent ? { ...work, sent: { ...work.sent, arrived: true } } : work));
    },
    // An upload in parts can be resumed where it stopped; any other starts over.
    onEnded: () => setWork((work) => (work.sent?.id ? work : { ...work, sent: null })),
  });
}

/** A file on its way. */
function Sending({ outgoing: { file, sent }, name }: { outgoing: Outgoing; name: string | undefined }) {
  return (
    <Container header={<Header variant="h2">Sending {name}</Header>}>
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
