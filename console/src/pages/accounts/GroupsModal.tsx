import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { approveAccount } from "../../api/accounts";
import type { Account } from "../../api/types";
import { ConfirmModal } from "../../components/feedback/ConfirmModal";
import { useSession } from "../../session";
import { chosenOf, groupsOf, ROLES, type Role } from "./groups";

interface Props {
  account: Account;
  onClose: () => void;
  onDone: (account: Account) => void;
}

/** Approves an account, or changes its rights. */
export function GroupsModal({ account, onClose, onDone }: Props) {
  const { me } = useSession();
  const before = chosenOf(account.groups);
  const [role, setRole] = useState<Role>(before.role ?? "reader");
  const [tables, setTables] = useState<readonly string[]>(before.tables);
  const isActive = account.status === "active";
  return (
    <ConfirmModal
      header={isActive ? `What ${account.username} may do` : `Approve ${account.username}`}
      confirmText={isActive ? "Save" : "Approve"}
      failedHeader={isActive ? "The groups were not changed" : "The account was not approved"}
      onClose={onClose}
      onConfirm={async () => onDone(await approveAccount(account.username, groupsOf({ role, tables })))}
    >
      <FormField label="The account is a">
        <RadioGroup
          value={role}
          items={[...ROLES]}
          onChange={({ detail }) => setRole(detail.value as Role)}
          ariaLabel="What the account may do"
        />
      </FormField>
      {role !== "operator" && (
        <FormField label="Tables it sees" constraintText="Every table, where none is chosen.">
          <Multiselect
            selectedOptions={tables.map((name) => ({ value: name, label: name }))}
            options={[...new Set([...me.tables, ...tables])].map((name) => ({ value: name, label: name }))}
            onChange={({ detail }) => setTables(detail.selectedOptions.map(({ value }) => value ?? ""))}
            placeholder="Every table"
            ariaLabel="Tables it sees"
          />
        </FormField>
      )}
    </ConfirmModal>
  );
}
