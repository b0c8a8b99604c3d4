import BarChart from "@cloudscape-design/components/bar-chart";
import Box from "@cloudscape-design/components/box";
import LineChart from "@cloudscape-design/components/line-chart";
import PieChart from "@cloudscape-design/components/pie-chart";
import { type ChartChoice, type ChartData, number } from "./chart";
import { compact, count } from "./format";
import { useNarrow } from "./useNarrow";

interface Props {
  choice: Pick<ChartChoice, "kind" | "x" | "stacked">;
  data: ChartData;
  label: string;
  xTitle?: string;
  yTitle?: string;
  /** How a label is written on the axis. */
  formatLabel?: (label: string) => string;
  height?: number;
  empty?: string;
  /** A value that a line is drawn at, like a mean. */
  threshold?: { title: string; y: number };
}

/** More labels than these are written under each other, beside bars that lie. */
const MOST_STANDING = 12;
const BAR_HEIGHT = 26;

/** Draws rows as bars, lines or a pie. */
export function Chart({ choice, data, label, xTitle, yTitle, formatLabel, height = 280, empty, threshold }: Props) {
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
    choice.stacked
      ? data.labels.map((_, i) => data.series.reduce((sum, one) => sum + number(one.data[i]?.y), 0))
      : data.series.flatMap((one) => one.data.map(({ y }) => y))
  ).concat(threshold?.y ?? 0);
  const most = Math.max(...values, 1);
  const least = Math.min(...values, 0);
  const shared = {
    xDomain: data.labels.map(written),
    xScaleType: "categorical" as const,
    yDomain: [least, most],
    ariaLabel: label,
    xTitle: xTitle ?? choice.x,
    yTitle: yTitle ?? "",
    yTickFormatter: compact,
    hideFilter: true,
    hideLegend: data.series.length < 2 && !threshold,
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
  const lying = data.labels.length > MOST_STANDING || (narrow && data.labels.length > 4 && !formatLabel);
  const bars = choice.stacked || data.series.length === 0 ? 1 : Math.max(1, data.series.length / 2);
  return (
    <BarChart
      {...shared}
      height={lying ? Math.max(height, data.labels.length * BAR_HEIGHT * bars) : height}
      horizontalBars={lying && !formatLabel}
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
