import Box from "@cloudscape-design/components/box";
import Cards from "@cloudscape-design/components/cards";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import { listReports } from "../../api/reports";
import { useResource } from "../../api/use";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { href, useRoute } from "../../shell/route";
import { ReportPage } from "./ReportPage";

/** `#/reports`, and `#/reports/hires-by-quarter?year=2021`. */
export default function Reports() {
  const { rest } = useRoute();
  const { data: reports, error, loading, reload } = useResource(listReports, []);
  const report = reports?.find((one) => one.name === rest[0]);
  if (report) {
    return <ReportPage key={report.name} report={report} />;
  }
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Questions that are asked often, answered from the tables as they are now.">
          Reports
        </Header>
      }
    >
      <ProblemAlert error={error} header="The reports could not be read" onRetry={reload} />
      {!error && (
        <Cards
          items={rest[0] === undefined || !reports ? (reports ?? []) : []}
          loading={loading && !reports}
          loadingText="Reading the reports"
          trackBy="name"
          cardsPerRow={[{ cards: 1 }, { minWidth: 700, cards: 2 }]}
          ariaLabels={{ cardsLabel: "Reports", itemSelectionLabel: () => "", selectionGroupLabel: "" }}
          empty={
            <Box textAlign="center" color="text-body-secondary">
              {rest[0] === undefined ? (
                "There is no report of the tables that your account sees."
              ) : (
                <>
                  There is no report {rest[0]}, or your account does not see all of its tables.{" "}
                  <Link href={href(["reports"])}>All reports</Link>
                </>
              )}
            </Box>
          }
          cardDefinition={{
            header: (one) => (
              <Link href={href(["reports", one.name])} fontSize="heading-m">
                {one.title}
              </Link>
            ),
            sections: [
              { id: "what", content: (one) => one.description },
              {
                id: "parameters",
                header: "Asks for",
                content: (one) => one.parameters.map(({ name }) => name).join(", ") || "nothing",
              },
            ],
          }}
        />
      )}
    </ContentLayout>
  );
}
