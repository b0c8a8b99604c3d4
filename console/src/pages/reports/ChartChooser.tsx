import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReportColumn } from "../../api/types";
import { type ChartChoice, type ChartKind, drawable } from "../../components/chart/chart";

interface Props {
  columns: readonly ReportColumn[];
  choice: ChartChoice;
  /** True where it is not the chart that the report declares. */
  changed: boolean;
  onChange: (choice: ChartChoice) => void;
  onReset: () => void;
}

/** Chooses how a report is drawn, and of which columns. */
export function ChartChooser({ columns, choice, changed, onChange, onReset }: Props) {
  const { labels, series } = drawable(columns);
  const shown = choice.kind === "pie" ? choice.series.slice(0, 1) : choice.series;
  return (
    <ExpandableSection
      headerText="Draw it in another way"
      headerDescription={choice.kind === "pie" && series.length > 1 ? `The pie shows ${shown[0] ?? ""} alone.` : ""}
      defaultExpanded={changed}
    >
      <SpaceBetween size="m">
        <SegmentedControl
          label="Kind of chart"
          selectedId={choice.kind}
          options={[
            { id: "bar", text: "Bars" },
            { id: "line", text: "Lines" },
            { id: "pie", text: "Pie" },
          ]}
          onChange={({ detail }) => onChange({ ...choice, kind: detail.selectedId as ChartKind })}
        />
        <FormField label="Labels from">
          <Select
            selectedOption={{ value: choice.x, label: choice.x }}
            options={[...new Set([choice.x, ...labels])].map((name) => ({ value: name, label: name }))}
            onChange={({ detail }) => onChange({ ...choice, x: detail.selectedOption.value ?? choice.x })}
            ariaLabel="Column that labels the chart"
          />
        </FormField>
        <FormField label="Values from" description="Rows with the same label are added up.">
          {choice.kind === "pie" ? (
            <Select
              selectedOption={{ value: shown[0] ?? "", label: shown[0] ?? "" }}
              options={series.map((name) => ({ value: name, label: name }))}
              onChange={({ detail }) => onChange({ ...choice, series: [detail.selectedOption.value ?? ""] })}
              ariaLabel="Column that is drawn"
            />
          ) : (
            <Multiselect
              selectedOptions={shown.map((name) => ({ value: name, label: name }))}
              options={series.map((name) => ({ value: name, label: name }))}
              onChange={({ detail }) => {
                const chosen = detail.selectedOptions.map(({ value }) => value ?? "");
                if (chosen.length > 0) {
                  onChange({ ...choice, series: series.filter((name) => chosen.includes(name)) });
                }
              }}
              ariaLabel="Columns that are drawn"
            />
          )}
        </FormField>
        {choice.kind === "bar" && (
          <Checkbox
            checked={choice.stacked ?? false}
            onChange={({ detail }) => onChange({ ...choice, stacked: detail.checked })}
          >
            On top of each other
          </Checkbox>
        )}
        {changed && <Button onClick={onReset}>Back to the usual chart</Button>}
      </SpaceBetween>
    </ExpandableSection>
  );
}
