import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import { useState } from "react";
import { startRestore } from "../../api/backups";
import { countRows } from "../../api/tables";
import type { Backup } from "../../api/types";
import { useResource } from "../../api/use";
import { ConfirmModal } from "../../components/feedback/ConfirmModal";
import { time } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { href, navigate } from "../../shell/route";
import { Compared } from "./Compared";
import { storeCounts, planned } from "./counts";

/**
 * Asks before tables are replaced by those of a backup, and shows how many rows that adds and
 * removes.
 */
export function RestoreBackup({ backup, onClose }: { backup: Backup; onClose: () => void }) {
  const all = Object.keys(backup.tables);
  const [tables, setTables] = useState<readonly string[]>(all);
  const now = useResource(countRows, []);
  return (
    <ConfirmModal
      header="Restore a backup"
      confirmText="Restore"
      typed={backup.backup}
      failedHeader="The restore did not start"
      disabled={tables.length === 0}
      onClose={onClose}
      onConfirm={async () => {
        const { restore } = await startRestore({ backup: backup.backup, tables: [...tables], mode: "replace" });
        if (now.data) {
          storeCounts(restore, now.data);
        }
        navigate(href(["backups", "restore", restore]));
      }}
    >
      <Alert type="warning">
        The tables become what they were at {time(backup.moment)}. All that was changed since is gone from them. The
        tables as they are now are kept for a while, so that the restore can be undone.
      </Alert>
      <FormField label="Tables">
        <Multiselect
          selectedOptions={tables.map((name) => ({ value: name, label: name }))}
          options={all.map((name) => ({ value: name, label: name }))}
          onChange={({ detail }) =>
            setTables(all.filter((name) => detail.selectedOptions.some(({ value }) => value === name)))
          }
          placeholder="Choose tables"
          ariaLabel="Tables"
        />
      </FormField>
      <ProblemAlert error={now.error} header="The rows of the tables could not be counted" onRetry={now.reload} />
      <Compared
        label="Rows now and after the restore"
        items={planned(backup, tables, now.data)}
        beforeText={now.loading ? "Rows now (counting)" : "Rows now"}
        afterText="Rows after"
      />
    </ConfirmModal>
  );
}
