import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type RefObject, useMemo, useRef, useState } from "react";
import { reportCsv, runReport } from "../../api/reports";
import type { Report, Row } from "../../api/types";
import { useResource } from "../../api/use";
import { Chart } from "../../components/chart/Chart";
import { chartData, guessChart } from "../../components/chart/chart";
import { DataTable } from "../../components/list/DataTable";
import { counted, sortable, textOf, withPlaces } from "../../components/format";
import { DetailPage } from "../../components/DetailPage";
import { Loaded } from "../../components/feedback/Loaded";
import { picture, save } from "../../components/chart/picture";
import { useNotify } from "../../shell/notifications";
import { href, useRoute } from "../../shell/route";
import { ChartChooser } from "./ChartChooser";
import { ParameterForm } from "./ParameterForm";
import { askedOf, chartLink, chartOf, parameterFault, valuesOf } from "./parameters";

/** One report: its parameters, its chart and its rows. */
export function ReportPage({ report }: { report: Report }) {
  const { params, setParams } = useRoute();
  const values = useMemo(() => valuesOf(report.parameters, params), [report, params]);
  const asked = JSON.stringify(askedOf(values));
  const faulty = report.parameters.some(
    (parameter) => parameterFault(parameter, values[parameter.name] ?? "") !== null,
  );
  const result = useResource(
    async (signal) => (faulty ? null : runReport(report.name, JSON.parse(asked) as Record<string, string>, signal)),
    [report.name, asked, faulty],
  );
  const chart = useRef<HTMLDivElement>(null);
  const [download, saving] = useDownload(report, values, chart);

  return (
    <DetailPage
      above={[{ text: "Reports", href: href(["reports"]) }]}
      title={report.title}
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
            disabled={!result.data}
            onClick={() => void download("csv")}
          >
            CSV
          </Button>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {report.parameters.length > 0 && (
          <ParameterForm
            key={asked}
            parameters={report.parameters}
            values={values}
            running={result.loading}
            onRun={(chosen) => {
              if (JSON.stringify(askedOf(chosen)) === asked) {
                result.reload();
              } else {
                setParams(chosen);
              }
            }}
          />
        )}
        <Loaded resource={result} header="The report could not be made" asked={!faulty}>
          {({ rows }) => (
            <>
              {rows.length > 0 && (
                <ReportChart
                  report={report}
                  rows={rows}
                  drawn={chart}
                  saving={saving === "png"}
                  onSave={() => void download("png")}
                />
              )}
              <ReportRows report={report} rows={rows} />
            </>
          )}
        </Loaded>
      </SpaceBetween>
    </DetailPage>
  );
}

type Kind = "csv" | "png";

/** Saves a report as a file, or its chart; also which of the two is being made. */
function useDownload(
  report: Report,
  values: Readonly<Record<string, string>>,
  chart: RefObject<HTMLDivElement>,
): [(kind: Kind) => Promise<void>, Kind | null] {
  const notify = useNotify();
  const [saving, setSaving] = useState<Kind | null>(null);
  const file = [report.name, ...Object.values(askedOf(values))].join("-").replaceAll(/[^\w.-]+/g, "_");

  async function download(kind: Kind) {
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
  return [download, saving];
}

interface ReportChartProps {
  report: Report;
  rows: readonly Row[];
  drawn: RefObject<HTMLDivElement>;
  saving: boolean;
  onSave: () => void;
}

/** The chart that the link chooses, the declared one, or a guess; nothing where none fits. */
function ReportChart({ report, rows, drawn, saving, onSave }: ReportChartProps) {
  const { params, setParams } = useRoute();
  const columns = useMemo(() => report.columns.map(({ name }) => name), [report]);
  const choice = chartOf(params, columns, report.chart ?? guessChart(report.columns));
  const data = useMemo(() => choice && chartData(choice, rows), [choice, rows]);
  if (!choice || !data) {
    return null;
  }
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button iconName="download" loading={saving} onClick={onSave} ariaLabel="Save the chart as a PNG">
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
        <div ref={drawn}>
          <Chart choice={choice} data={data} label={report.title} />
        </div>
        {data.others > 0 && (
          <Box color="text-body-secondary" fontSize="body-s">
            The {counted(data.labels.length - 1, "largest one", "largest ones")} of {choice.x}; the other {data.others}{" "}
            are drawn together. The table has all of them.
          </Box>
        )}
      </SpaceBetween>
    </Container>
  );
}

function ReportRows({ report, rows }: { report: Report; rows: readonly Row[] }) {
  const items = useMemo(() => rows.map((row, index) => ({ row, id: String(index) })), [rows]);
  return (
    <DataTable
      label={report.title}
      pageSize={50}
      items={items}
      id={({ id }) => id}
      columns={report.columns.map(({ name, type }, index) => {
        const write = type === "decimal" ? withPlaces(rows.map((row) => row[name])) : textOf;
        return {
          id: name,
          header: name,
          title: index === 0,
          cell: ({ row }: { row: Row }) =>
            row[name] === null || row[name] === undefined ? (
              <Box color="text-status-inactive">none</Box>
            ) : (
              <span>{write(row[name])}</span>
            ),
          value: ({ row }: { row: Row }) => sortable(row[name]),
        };
      })}
      empty="No rows for these parameters. Choose others above."
      header={
        <Header variant="h2" counter={`(${rows.length})`}>
          Rows
        </Header>
      }
    />
  );
}
