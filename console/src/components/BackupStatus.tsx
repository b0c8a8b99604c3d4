import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Backup, JobStatus } from "../api/types";
import { ago } from "./format";

/** The state of a backup or restore. */
export function JobState({ status, error }: { status: JobStatus; error?: string | null }) {
  switch (status) {
    case "running":
      return <StatusIndicator type="in-progress">Running</StatusIndicator>;
    case "completed":
      return <StatusIndicator type="success">Completed</StatusIndicator>;
    case "failed":
      return <StatusIndicator type="error">{error ? `Failed: ${error}` : "Failed"}</StatusIndicator>;
  }
}

/** The state of a backup. */
export function BackupStatus({ backup }: { backup: Backup }) {
  return <JobState status={backup.status} error={backup.error} />;
}

/** Whether and when a backup was read back. */
export function Verified({ backup }: { backup: Backup }) {
  if (backup.status === "running") {
    return <StatusIndicator type="pending">Not complete yet</StatusIndicator>;
  }
  const when = backup.verified_at ? ` ${ago(backup.verified_at)}` : "";
  if (backup.verified === true) {
    return <StatusIndicator type="success">Verified{when}</StatusIndicator>;
  }
  return backup.verified === false ? (
    <StatusIndicator type="error">Found bad{when}</StatusIndicator>
  ) : (
    <StatusIndicator type="warning">Not verified yet</StatusIndicator>
  );
}
