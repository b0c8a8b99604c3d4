import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useMemo, useRef, useState } from "react";
import { reportCsv, runReport } from "../../api/reports";
import type { Report, Row } from "../../api/types";
import { useResource } from "../../api/use";
import { Chart } from "../../components/chart/Chart";
import { chartData, guessChart } from "../../components/chart/chart";
import { DataTable } from "../../components/list/DataTable";
import { counted } from "../../components/format";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { picture, save } from "../../components/chart/picture";
import { useNotify } from "../../shell/notifications";
import { href, useRoute } from "../../shell/route";
import { ChartChooser } from "./ChartChooser";
import { ParameterForm } from "./ParameterForm";
import { askedOf, chartLink, chartOf, parameterFault, valuesOf } from "./parameters";

/** One report: its parameters, its chart and its rows. */
export function ReportPage({ report }: { report: Report }) {
  const { params, setParams } = useRoute();
  const notify = useNotify();
  const values = useMemo(() => valuesOf(report.parameters, params), [report, params]);
  const asked = JSON.stringify(askedOf(values));
  const faulty = report.parameters.some(
    (parameter) => parameterFault(parameter, values[parameter.name] ?? "") !== null,
  );
  const { data, error, loading, reload } = useResource(
    async (signal) => (faulty ? null : runReport(report.name, JSON.parse(asked) as Record<string, string>, signal)),
    [report.name, asked, faulty],
  );
  const columns = useMemo(() => report.columns.map(({ name }) => name), [report]);
  const declared = report.chart ?? guessChart(report.columns);
  const choice = chartOf(params, columns, declared);
  const drawn = useMemo(() => (choice && data ? chartData(choice, data.rows) : null), [choice, data]);
  const chart = useRef<HTMLDivElement>(null);
  const [saving, setSaving] = useState<"csv" | "png" | null>(null);
  const rows = useMemo(() => (data?.rows ?? []).map((row, index) => ({ row, id: String(index) })), [data]);
  const file = [report.name, ...Object.values(askedOf(values))].join("-").replaceAll(/[^\w.-]+/g, "_");

  async function download(kind: "csv" | "png") {
    setSaving(kind);
    try {
      const blob =
        kind === "csv"
          ? await reportCsv(report.name, askedOf(values))
          : chart.current && (await picture(chart.current, report.title));
      if (!blob) {
        throw new Error("There is no chart to save.");
      }
      save(blob, `${file}.${kind}`);
    } catch (caught) {
      notify({ type: "error", header: "The file was not saved", content: (caught as Error).message });
    } finally {
      setSaving(null);
    }
  }

  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[
            { text: "Reports", href: href(["reports"]) },
            { text: report.title, href: "" },
          ]}
        />
      }
      header={
        <Header
          variant="h1"
          description={report.description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <CopyToClipboard
                copyButtonText="Copy link"
                copySuccessText="The link is copied. It keeps the parameters and the chart."
                copyErrorText="The link could not be copied; copy it from the address bar."
                textToCopy={window.location.href}
              />
              <Button
                iconName="download"
                loading={saving === "csv"}
                disabled={!data}
                onClick={() => void download("csv")}
              >
                CSV
              </Button>
            </SpaceBetween>
          }
        >
          {report.title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {report.parameters.length > 0 && (
          <ParameterForm
            key={asked}
            parameters={report.parameters}
            values={values}
            running={loading}
            onRun={(chosen) => {
              if (JSON.stringify(askedOf(chosen)) === asked) {
                reload();
              } else {
                setParams(chosen);
              }
            }}
          />
        )}
        <ProblemAlert error={error} header="The report could not be made" onRetry={reload} />
        {!data && !error && !faulty && (
          <Box textAlign="center" padding="xxl">
            <Spinner size="large" />
          </Box>
        )}
        {data && choice && drawn && data.rows.length > 0 && (
          <Container
            header={
              <Header
                variant="h2"
                actions={
                  <Button
                    iconName="download"
                    loading={saving === "png"}
                    onClick={() => void download("png")}
                    ariaLabel="Save the chart as a PNG"
                  >
                    PNG
                  </Button>
                }
              >
                Chart
              </Header>
            }
            footer={
              <ChartChooser
                columns={report.columns}
                choice={choice}
                changed={params.has("_chart")}
                onChange={(next) => setParams(chartLink(next))}
                onReset={() => setParams({ _chart: null, _x: null, _series: null, _stacked: null })}
              />
            }
          >
            <SpaceBetween size="xs">
              <div ref={chart}>
                <Chart choice={choice} data={drawn} label={report.title} />
              </div>
              {drawn.others > 0 && (
                <Box color="text-body-secondary" fontSize="body-s">
                  The {counted(drawn.labels.length - 1, "largest one", "largest ones")} of {choice.x}; the other{" "}
                  {drawn.others} are drawn together. The table has all of them.
                </Box>
              )}
            </SpaceBetween>
          </Container>
        )}
        {data && (
          <DataTable
            label={report.title}
            pageSize={50}
            items={rows}
            id={({ id }) => id}
            columns={report.columns.map((column, index) => ({
              id: column.name,
              header: column.name,
              title: index === 0,
              cell: ({ row }: { row: Row }) => {
                const value = row[column.name];
                return value === null || value === undefined ? (
                  <Box color="text-status-inactive">none</Box>
                ) : (
                  <span>{String(value)}</span>
                );
              },
              value: ({ row }: { row: Row }) => {
                const value = row[column.name] ?? null;
                return typeof value === "boolean" ? String(value) : value;
              },
            }))}
            empty="No rows for these parameters. Choose others above."
            header={
              <Header variant="h2" counter={`(${data.rows.length})`}>
                Rows
              </Header>
            }
          />
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}
