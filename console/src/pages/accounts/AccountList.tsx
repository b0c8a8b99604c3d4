import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { disableAccount, listAccounts } from "../../api/accounts";
import type { Account } from "../../api/types";
import { useResource } from "../../api/use";
import { ConfirmModal } from "../../components/feedback/ConfirmModal";
import { DataTable, type DataColumn } from "../../components/list/DataTable";
import { ListHeader } from "../../components/list/ListHeader";
import { ago, time } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useSession } from "../../session";
import { useNotify } from "../../shell/notifications";
import { href } from "../../shell/route";
import { everyone, MOST_ACCOUNTS } from "./everyone";
import { GroupsModal } from "./GroupsModal";
import { chosenOf, ROLES, seen } from "./groups";
import { Status } from "../../components/feedback/Status";

const PAGE = 50;

/** The accounts, and what can be done with each. */
export function AccountList() {
  const { me } = useSession();
  const notify = useNotify();
  const list = useResource((signal) => everyone((after) => listAccounts(after, MOST_ACCOUNTS, signal)), []);
  const { data, error, loading, reload } = list;
  const [approving, setApproving] = useState<Account | null>(null);
  const [disabling, setDisabling] = useState<Account | null>(null);
  const waiting = data?.filter(({ status }) => status === "pending").length ?? 0;

  const actions = (account: Account) => (
    <SpaceBetween direction="horizontal" size="xs">
      <Button
        variant="inline-link"
        ariaLabel={`${actionOf(account)} ${account.username}`}
        onClick={() => setApproving(account)}
      >
        {actionOf(account)}
      </Button>
      {account.status !== "disabled" && account.username !== me.username && (
        <Button variant="inline-link" ariaLabel={`Disable ${account.username}`} onClick={() => setDisabling(account)}>
          Disable
        </Button>
      )}
      <Link
        href={href(["accounts", "audit"], { username: account.username })}
        ariaLabel={`Trail of ${account.username}`}
      >
        Trail
      </Link>
    </SpaceBetween>
  );

  return (
    <SpaceBetween size="m">
      <ProblemAlert error={error} header="The accounts could not be read" onRetry={reload} />
      <DataTable
        label="Accounts"
        items={data}
        pageSize={PAGE}
        id={({ username }) => username}
        loading={loading && !data}
        empty="There is no account yet. People register on the sign-in page and wait here for approval."
        header={
          <ListHeader
            title="People"
            counter={waiting > 0 ? `(${waiting} waiting)` : undefined}
            list={list}
            again="Read the accounts again"
          />
        }
        columns={[...columnsOf(me.username), { ...ACTIONS, cell: actions }]}
      />
      {approving && (
        <GroupsModal
          account={approving}
          onClose={() => setApproving(null)}
          onDone={(account) => {
            setApproving(null);
            notify({
              type: "success",
              content: `${account.username} may sign in, and sees: ${seen(chosenOf(account.groups))}.`,
            });
            reload();
          }}
        />
      )}
      {disabling && (
        <ConfirmModal
          header={`Disable ${disabling.username}?`}
          confirmText="Disable"
          failedHeader="The account was not disabled"
          onClose={() => setDisabling(null)}
          onConfirm={async () => {
            await disableAccount(disabling.username);
            notify({ type: "success", content: `${disabling.username} is disabled.` });
            setDisabling(null);
            reload();
          }}
        >
          <Box>
            The session ends at once, and nobody can sign in with this name. What the account has done stays in the
            audit trail. Approving it again enables it.
          </Box>
        </ConfirmModal>
      )}
    </SpaceBetween>
  );
}

const ACTIONS = { id: "actions", header: "Actions", minWidth: 200, wide: true };

/** The columns that say who an account is and what it may do; `own` is the name of the reader. */
function columnsOf(own: string): DataColumn<Account>[] {
  return [
    {
      id: "username",
      header: "Name",
      title: true,
      cell: ({ username }) => (
        <>
          {username}
          {username === own && (
            <Box variant="span" color="text-body-secondary">
              {" "}
              (you)
            </Box>
          )}
        </>
      ),
      value: ({ username }) => username,
    },
    {
      id: "status",
      header: "State",
      minWidth: 180,
      cell: ({ status }) => <AccountState status={status} />,
      value: ({ status }) => ({ pending: 0, active: 1, disabled: 2 })[status],
    },
    {
      id: "role",
      header: "May",
      cell: ({ groups }) => ROLES.find(({ value }) => value === chosenOf(groups).role)?.label ?? "Nothing yet",
      value: ({ groups }) => chosenOf(groups).role,
    },
    { id: "tables", header: "Sees", cell: ({ groups }) => seen(chosenOf(groups)) },
    {
      id: "created",
      header: "Registered",
      cell: ({ created_at }) => <span title={time(created_at)}>{ago(created_at)}</span>,
      value: ({ created_at }) => created_at,
    },
  ];
}

function actionOf({ status }: Account): string {
  return { pending: "Approve", active: "Change", disabled: "Enable" }[status];
}

function AccountState({ status }: { status: Account["status"] }) {
  switch (status) {
    case "pending":
      return <Status type="pending">Waits for approval</Status>;
    case "active":
      return <Status type="success">Active</Status>;
    case "disabled":
      return <Status type="stopped">Disabled</Status>;
  }
}
