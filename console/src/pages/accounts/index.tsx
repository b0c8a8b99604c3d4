import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Tabs from "@cloudscape-design/components/tabs";
import { href, navigate, useRoute } from "../../shell/route";
import { AccountList } from "./AccountList";
import { Audit } from "./Audit";

/** `#/accounts`, and the audit trail at `#/accounts/audit?username=ann@example.com`. */
export default function Accounts() {
  const { rest } = useRoute();
  const active = rest[0] === "audit" ? "audit" : "people";
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Who may do what, and who has done what.">
          Accounts
        </Header>
      }
    >
      <Tabs
        ariaLabel="Accounts and audit trail"
        activeTabId={active}
        onChange={({ detail }) => navigate(href(detail.activeTabId === "audit" ? ["accounts", "audit"] : ["accounts"]))}
        tabs={[
          { id: "people", label: "People", content: active === "people" && <AccountList /> },
          { id: "audit", label: "Audit trail", content: active === "audit" && <Audit /> },
        ]}
      />
    </ContentLayout>
  );
}
