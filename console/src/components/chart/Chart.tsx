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
export function Chart({
  choice,
  data,
  label,
  xTitle,
  yTitle,
  formatLabel,
  height = 280,
  empty,
  threshold,
  legend,
}: Props) {
  const narrow = useNarrow();
  const none = <Box color="text-body-secondary">{empty ?? "There is nothing to draw."}</Box>;
  const written = (text: string) => (formatLabel ? formatLabel(text) : text);
  const isEmpty = data.labels.length === 0;

  if (choice.kind === "pie") {
    const slices = (data.series[0]?.data ?? []).filter(({ y }) => y > 0);
    const sum = slices.reduce((total, { y }) => total + y, 0);
    return (
      <PieChart
        data={slices.map(({ x, y }) => ({ title: written(x), value: y }))}
        size={narrow ? "small" : "medium"}
        hideFilter
        hideTitles={narrow}
        ariaLabel={label}
        empty={none}
        detailPopoverContent={({ value }) => [
          { key: data.series[0]?.title ?? "", value: count(value) },
          { key: "Share", value: `${((100 * value) / (sum || 1)).toFixed(1)} %` },
        ]}
        segmentDescription={({ value }) => `${count(value)}, ${((100 * value) / (sum || 1)).toFixed(1)} %`}
      />
    );
  }

  const values = (
    choice.stacked && choice.kind === "bar"
      ? data.labels.map((_, i) => data.series.reduce((sum, one) => sum + number(one.data[i]?.y), 0))
      : data.series.flatMap((one) => one.data.map(({ y }) => y))
  ).concat(threshold?.y ?? 0);
  const most = axisEnd(Math.max(...values));
  const whole = values.every(Number.isInteger);
  const least = Math.min(...values, 0);
  const shared = {
    xDomain: data.labels.map(written),
    xScaleType: "categorical" as const,
    yDomain: [least, most],
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
  const points = (one: ChartData["series"][number]) => one.data.map(({ x, y }) => ({ x: written(x), y }));
  const line = threshold && {
    type: "threshold" as const,
    title: threshold.title,
    y: threshold.y,
    valueFormatter: count,
  };
  if (choice.kind === "line") {
    return (
      <LineChart
        {...shared}
        height={height}
        series={
          isEmpty
            ? []
            : [
                ...data.series.map((one) => ({
                  type: "line" as const,
                  title: one.title,
                  data: points(one),
                  valueFormatter: (value: number) => count(value),
                })),
                ...(line ? [line] : []),
              ]
        }
      />
    );
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
      series={
        isEmpty
          ? []
          : [
              ...data.series.map((one) => ({
                type: "bar" as const,
                title: one.title,
                data: points(one),
                valueFormatter: (value: number) => count(value),
              })),
              ...(line ? [line] : []),
            ]
      }
    />
  );
}
