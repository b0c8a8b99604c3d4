import BarChart from "@cloudscape-design/components/bar-chart";
import Box from "@cloudscape-design/components/box";
import LineChart from "@cloudscape-design/components/line-chart";
import PieChart from "@cloudscape-design/components/pie-chart";
import { axisEnd, type ChartChoice, type ChartData, number } from "./chart";
import { compact, count } from "../format";
import { useNarrow } from "../useNarrow";

interface Props {
  choice: Pick<ChartChoice, "kind" | "x" | "stacked">;
  data: ChartData;
  label: string;
  xTitle?: string;
  yTitle?: string;
  /** Formats a label on the axis. */
  formatLabel?: (label: string) => string;
  height?: number;
  empty?: string;
  /** A value that a line is drawn at, like a mean. */
  threshold?: { title: string; y: number };
  /** Names even a single series. */
  legend?: boolean;
}

/**
 * Pixels of a character of a label, of a chart's plot on a narrow screen and on a wide one, and of
 * a bar that lies.
 */
const CHARACTER = 7;
const NARROW_PLOT = 240;
const WIDE_PLOT = 900;
const BAR_HEIGHT = 26;

/** Draws rows as bars, lines or a pie. */
export function Chart(props: Props) {
  return props.choice.kind === "pie" ? <Pie {...props} /> : <Plot {...props} />;
}

function Pie({ data, label, formatLabel = asItIs, empty }: Props) {
  const narrow = useNarrow();
  const slices = (data.series[0]?.data ?? []).filter(({ y }) => y > 0);
  const sum = slices.reduce((total, { y }) => total + y, 0);
  const share = (value: number) => `${((100 * value) / (sum || 1)).toFixed(1)} %`;
  return (
    <PieChart
      data={slices.map(({ x, y }) => ({ title: formatLabel(x), value: y }))}
      size={narrow ? "small" : "medium"}
      hideFilter
      hideTitles={narrow}
      ariaLabel={label}
      empty={<Nothing text={empty} />}
      detailPopoverContent={({ value }) => [
        { key: data.series[0]?.title ?? "", value: count(value) },
        { key: "Share", value: share(value) },
      ]}
      segmentDescription={({ value }) => `${count(value)}, ${share(value)}`}
    />
  );
}

/** Bars or lines on two axes. */
function Plot({ choice, data, label, xTitle, yTitle, formatLabel, height = 280, empty, threshold, legend }: Props) {
  const narrow = useNarrow();
  const written = formatLabel ?? asItIs;
  const none = <Nothing text={empty} />;
  const values = valuesOf(choice, data).concat(threshold?.y ?? 0);
  const whole = values.every(Number.isInteger);
  const shared = {
    xDomain: data.labels.map(written),
    xScaleType: "categorical" as const,
    yDomain: [Math.min(...values, 0), axisEnd(Math.max(...values))],
    ariaLabel: label,
    xTitle: xTitle ?? choice.x,
    yTitle: yTitle ?? "",
    // Between whole numbers there is nothing to count.
    yTickFormatter: (value: number) => (whole && !Number.isInteger(value) ? "" : compact(value)),
    hideFilter: true,
    hideLegend: data.series.length < 2 && !threshold && !legend,
    empty: none,
    noMatch: none,
  };
  const series = <T extends "line" | "bar">(type: T) =>
    data.labels.length === 0
      ? []
      : [
          ...data.series.map((one) => ({
            type,
            title: one.title,
            data: one.data.map(({ x, y }) => ({ x: written(x), y })),
            valueFormatter: (value: number) => count(value),
          })),
          ...(threshold ? [{ type: "threshold" as const, ...threshold, valueFormatter: count }] : []),
        ];
  if (choice.kind === "line") {
    return <LineChart {...shared} height={height} series={series("line")} />;
  }
  // Labels that have no room beside each other are written under each other. Days may be left out
  // between others.
  const longest = Math.max(0, ...data.labels.map((text) => text.length));
  const room = narrow ? NARROW_PLOT : WIDE_PLOT;
  const lying = !formatLabel && data.labels.length > 1 && data.labels.length * (longest + 2) * CHARACTER > room;
  const bars = choice.stacked || data.series.length === 0 ? 1 : Math.max(1, data.series.length / 2);
  return (
    <BarChart
      {...shared}
      height={lying ? Math.max(120, data.labels.length * BAR_HEIGHT * bars) : height}
      horizontalBars={lying}
      stackedBars={choice.stacked ?? false}
      series={series("bar")}
    />
  );
}

/** The heights that are drawn: of stacked bars, their sums. */
function valuesOf(choice: Props["choice"], data: ChartData): number[] {
  return choice.stacked && choice.kind === "bar"
    ? data.labels.map((_, i) => data.series.reduce((sum, one) => sum + number(one.data[i]?.y), 0))
    : data.series.flatMap((one) => one.data.map(({ y }) => y));
}

const asItIs = (label: string) => label;

function Nothing({ text = "There is nothing to draw." }: { text?: string }) {
  return <Box color="text-body-secondary">{text}</Box>;
}
