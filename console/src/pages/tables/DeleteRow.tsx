import Box from "@cloudscape-design/components/box";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import { deleteRow } from "../../api/tables";
import type { Row, Table } from "../../api/types";
import { ConfirmModal } from "../../components/feedback/ConfirmModal";
import { textOf } from "../../components/format";
import { keyLabel, keyOf } from "../../components/keys";
import { useNotify } from "../../shell/notifications";

interface Props {
  table: Table;
  row: Row;
  onClose: () => void;
  onDeleted: () => void;
}

/** Asks before a row is deleted, and says why it cannot be. */
export function DeleteRow({ table, row, onClose, onDeleted }: Props) {
  const notify = useNotify();
  const key = keyOf(table, row);
  const id = keyLabel(key);
  return (
    <ConfirmModal
      header={`Delete ${table.name} ${id}?`}
      confirmText="Delete"
      failedHeader="The row was not deleted"
      onClose={onClose}
      onConfirm={async () => {
        await deleteRow(table.name, key);
        notify({ type: "success", content: `Deleted ${table.name} ${id}.` });
        onDeleted();
      }}
    >
      <Box>The row is gone at once. Only a backup brings it back.</Box>
      <KeyValuePairs
        columns={2}
        items={table.columns.map(({ name }) => ({ label: name, value: textOf(row[name]) || "none" }))}
      />
    </ConfirmModal>
  );
}
