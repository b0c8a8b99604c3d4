import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { getLoad, listLoads } from "../../api/loads";
import type { FileSettings, Load } from "../../api/types";
import { type Resource, useResource } from "../../api/use";
import { count, time } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { readStored, settingsKey } from "../../shell/storage";
import { href } from "../../shell/route";
import { LoadState } from "../../verdict/LoadState";
import { FollowedVerdict } from "../../verdict/Verdict";
import { descendants, fileName } from "../../verdict/words";

/**
 * As many later loads of the table are looked through for those that bring rows of this one back.
 */
const LATER = 200;

/** One load: its result, its refused rows to correct, and its related loads. */
export function LoadPage({ load: id }: { load: string }) {
  const load = useResource((signal) => getLoad(id, null, signal), [id]);
  const refused = load.data !== null && load.data.rows_rejected > 0 ? load.data.table : null;
  const again = useResource(
    async (signal) =>
      refused === null ? [] : descendants(id, (await listLoads({ table: refused, limit: LATER }, signal)).loads),
    [id, refused],
  );
  const name = load.data ? fileName(load.data.key) : id;
  return (
    <ContentLayout
      header={
        <SpaceBetween size="xs">
          <BreadcrumbGroup
            items={[
              { text: "Loads", href: href(["loads"]) },
              { text: name, href: href(["loads", id]) },
            ]}
            ariaLabel="Where this is"
          />
          <Header variant="h1" description={load.data && `Into ${load.data.table}, ${time(load.data.started_at)}`}>
            {name}
          </Header>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {load.error && <ProblemAlert error={load.error} header="The load cannot be shown" onRetry={load.reload} />}
        {load.data === null && load.loading && (
          <Box textAlign="center">
            <Spinner size="large" />
          </Box>
        )}
        {load.data && (
          <>
            <Container header={<Header variant="h2">Result</Header>}>
              <FollowedVerdict
                file={load.data.key}
                before={[]}
                load={load.data.load}
                settings={readStored<FileSettings>(settingsKey(id)) ?? undefined}
                again={again.data ?? undefined}
                onLoad={(now) => now.status !== load.data?.status && load.reload()}
              />
            </Container>
            <Belongs load={load.data} again={again} />
          </>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}

/**
 * The location of the file, the load whose rows it corrects, and the loads that corrected its own.
 */
function Belongs({ load, again }: { load: Load; again: Resource<Load[]> }) {
  const children = again.data?.filter(({ parent }) => parent === load.load) ?? [];
  return (
    <Container header={<Header variant="h2">More about it</Header>}>
      <SpaceBetween size="m">
        {again.error && <ProblemAlert error={again.error} onRetry={again.reload} />}
        <KeyValuePairs
          columns={2}
          items={[
            { label: "Key in the bucket", value: <Box variant="code">{load.key}</Box> },
            { label: "Load", value: <Box variant="code">{load.load}</Box> },
            { label: "Started", value: time(load.started_at) },
            { label: "Ended", value: time(load.finished_at) },
            { label: "Attempts", value: count(load.attempts) },
            {
              label: "Brought back rows of",
              value: load.parent ? <Link href={href(["loads", load.parent])}>{load.parent}</Link> : "–",
            },
            {
              label: "Its refused rows came back in",
              value:
                children.length > 0 ? (
                  <SpaceBetween size="xxs">
                    {children.map((child) => (
                      <SpaceBetween key={child.load} direction="horizontal" size="xs">
                        <Link href={href(["loads", child.load])}>{time(child.started_at)}</Link>
                        <LoadState load={child} />
                      </SpaceBetween>
                    ))}
                  </SpaceBetween>
                ) : (
                  "–"
                ),
            },
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}
