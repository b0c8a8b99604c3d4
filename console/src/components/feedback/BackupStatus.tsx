import Box from "@cloudscape-design/components/box";
import type { Backup, JobStatus } from "../../api/types";
import { ago } from "../format";
import { Status } from "./Status";

/** The state of a backup or restore. */
export function JobState({ status, error }: { status: JobStatus; error?: string | null }) {
  switch (status) {
    case "running":
      return <Status type="in-progress">Running</Status>;
    case "completed":
      return <Status type="success">Completed</Status>;
    case "failed":
      return (
        <>
          <Status type="error">Failed</Status>
          {error && (
            <Box color="text-body-secondary" fontSize="body-s">
              {error}
            </Box>
          )}
        </>
      );
  }
}

/** The state of a backup. */
export function BackupStatus({ backup }: { backup: Backup }) {
  return <JobState status={backup.status} error={backup.error} />;
}

/** Shows if and when a backup was verified. */
export function Verified({ backup }: { backup: Backup }) {
  if (backup.status === "running") {
    return <Status type="pending">Not complete yet</Status>;
  }
  const when = backup.verified_at ? ` ${ago(backup.verified_at)}` : "";
  if (backup.verified === true) {
    return <Status type="success">Verified{when}</Status>;
  }
  return backup.verified === false ? (
    <Status type="error">Found bad{when}</Status>
  ) : (
    <Status type="warning">Not verified yet</Status>
  );
}
