import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo } from "react";
import { readOutliers } from "../../api/loads";
import { listTables } from "../../api/tables";
import type { OutlierCheck } from "../../api/types";
import { useResource } from "../../api/use";
import { Chart } from "../../components/chart/Chart";
import { count } from "../../components/format";
import { Loaded } from "../../components/feedback/Loaded";
import { useRoute } from "../../shell/route";
import { Groups } from "./Groups";
import { OddRows } from "./OddRows";
import { checkId, describe, title } from "./words";
import { Status } from "../../components/feedback/Status";

const ALL = { value: "", label: "All tables" };

/** Rows that look wrong: counted, drawn and listed. `#/outliers?table=employees`. */
export default function Outliers() {
  const { params, setParams } = useRoute();
  const chosen = params.get("table") ?? "";
  const tables = useResource(listTables, []);
  const names = chosen ? [chosen] : tables.data?.map(({ name }) => name);
  const { data, error, loading, reload } = useResource(
    async (signal) => {
      if (!names) {
        return null;
      }
      const answers = await Promise.all(names.map((name) => readOutliers(name, signal)));
      return { checks: answers.flatMap((answer) => answer.checks) };
    },
    [names?.join(",")],
  );
  const odd = useMemo(() => (data?.checks ?? []).filter((check) => check.count > 0), [data]);
  const options = [ALL, ...(tables.data ?? []).map(({ name }) => ({ value: name, label: name }))];
  const drawn = useMemo(
    () => ({
      labels: odd.map(title),
      others: 0,
      series: [{ title: "Found", data: odd.map((check) => ({ x: title(check), y: check.count })) }],
    }),
    [odd],
  );

  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="What looks wrong in the tables as they are now: references that name no row, dates far from the rest, and groups of unusual size."
          actions={
            <Button iconName="refresh" loading={loading} onClick={reload}>
              Look again
            </Button>
          }
        >
          Outliers
        </Header>
      }
    >
      <SpaceBetween size="l">
        <FormField label="Table">
          <Select
            selectedOption={options.find(({ value }) => value === chosen) ?? ALL}
            options={options}
            onChange={({ detail }) => setParams({ table: detail.selectedOption.value })}
            ariaLabel="Table"
          />
        </FormField>
        <Loaded resource={{ data, error: error ?? tables.error, reload }} header="The outliers could not be read">
          {({ checks }) => (
            <>
              <Container header={<Header variant="h2">Found</Header>}>
                {odd.length === 0 ? (
                  <Status type="success">
                    {checks.length === 0
                      ? "There is nothing to check: the table has neither references nor dates."
                      : `Nothing stands out in ${count(checks.length)} checks.`}
                  </Status>
                ) : (
                  <Chart
                    choice={{ kind: "bar", x: "Check" }}
                    data={drawn}
                    label="Outliers by check"
                    yTitle="Found"
                    height={Math.max(160, odd.length * 44)}
                  />
                )}
              </Container>
              {checks.map((check) => (
                <Found key={checkId(check)} check={check} tables={tables.data} />
              ))}
            </>
          )}
        </Loaded>
      </SpaceBetween>
    </ContentLayout>
  );
}

interface FoundProps {
  check: OutlierCheck;
  tables: Awaited<ReturnType<typeof listTables>> | null;
}

function Found({ check, tables }: FoundProps) {
  return (
    <ExpandableSection
      variant="container"
      defaultExpanded={check.count > 0}
      headerText={title(check)}
      headerCounter={`(${count(check.count)})`}
      headerDescription={describe(check)}
    >
      {check.count === 0 ? (
        <Status type="success">Nothing stands out.</Status>
      ) : check.kind === "unusual_count" ? (
        <Groups check={check} tables={tables} />
      ) : (
        <OddRows check={check} tables={tables} />
      )}
    </ExpandableSection>
  );
}
