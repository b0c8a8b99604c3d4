import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import { useState } from "react";
import { startBackup } from "../../api/backups";
import { useSession } from "../../session";
import { ConfirmModal } from "../../components/feedback/ConfirmModal";
import { useNotify } from "../../shell/notifications";

/** Asks which tables to back up. */
export function StartBackup({ onClose, onStarted }: { onClose: () => void; onStarted: () => void }) {
  const { me } = useSession();
  const notify = useNotify();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  return (
    <ConfirmModal
      header="Start a backup"
      confirmText="Start"
      failedHeader="The backup did not start"
      onClose={onClose}
      onConfirm={async () => {
        const { backup } = await startBackup(chosen.length === 0 ? undefined : [...chosen]);
        notify({ type: "info", content: `The backup ${backup} has begun.` });
        onStarted();
      }}
    >
      <Box>The backup is a consistent snapshot of all its tables. Nobody has to wait meanwhile.</Box>
      <FormField
        label="Tables"
        constraintText="All of them, where none is chosen. Only a backup of all tables can stand for the nightly one."
      >
        <Multiselect
          selectedOptions={chosen.map((name) => ({ value: name, label: name }))}
          options={me.tables.map((name) => ({ value: name, label: name }))}
          onChange={({ detail }) => setChosen(detail.selectedOptions.map(({ value }) => value ?? ""))}
          placeholder="All tables"
          ariaLabel="Tables"
        />
      </FormField>
    </ConfirmModal>
  );
}
