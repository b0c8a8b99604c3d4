import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import type { ReactNode } from "react";
import type { Resource } from "../../api/use";
import { ProblemAlert } from "./ProblemAlert";

interface Props<T> {
  resource: Pick<Resource<T>, "data" | "error" | "reload">;
  /** The failed action, as the heading of an error. */
  header: string;
  /** False while nothing is asked for, so that nothing is waited for. */
  asked?: boolean;
  children: (data: NonNullable<T>) => ReactNode;
}

/** Shows what was read; a spinner until then, and the error if reading it failed. */
export function Loaded<T>({ resource: { data, error, reload }, header, asked = true, children }: Props<T>) {
  return (
    <SpaceBetween size="l">
      <ProblemAlert error={error} header={header} onRetry={reload} />
      {!data && !error && asked && <Waiting />}
      {data && children(data)}
    </SpaceBetween>
  );
}

/** A spinner in the middle of a page. */
export function Waiting() {
  return (
    <Box textAlign="center" padding="xxl">
      <Spinner size="large" />
    </Box>
  );
}
