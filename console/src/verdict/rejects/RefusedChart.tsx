import Box from "@cloudscape-design/components/box";
import BarChart from "@cloudscape-design/components/bar-chart";
import { compact, count } from "../../components/format";
import { reasonOf } from "./rejects";

interface Props {
  counts: { code: string; rows: number }[];
  /** The number of refused rows that are counted, and if these are all. */
  of: number;
  whole: boolean;
}

const BAR = 36;
const AXIS = 24;

/** Draws how many rows were refused for which reason, the commonest on top. */
export default function RefusedChart({ counts, of, whole }: Props) {
  const most = Math.max(1, ...counts.map(({ rows }) => rows));
  const title = whole ? "Refused rows by reason" : `Reasons of the first ${count(of)} refused rows`;
  return (
    <>
      {!whole && <Box color="text-body-secondary">{title}</Box>}
      <BarChart
        series={[
          {
            type: "bar",
            title: "Refused rows",
            data: counts.map(({ code, rows }) => ({ x: reasonOf(code), y: rows })),
            valueFormatter: count,
          },
        ]}
        xDomain={counts.map(({ code }) => reasonOf(code))}
        yDomain={[0, most]}
        xScaleType="categorical"
        horizontalBars
        hideFilter
        hideLegend
        height={counts.length * BAR + AXIS}
        xTitle="Refused for"
        yTitle="Rows"
        yTickFormatter={(value) => (Number.isInteger(value) ? compact(value) : "")}
        ariaLabel={title}
        empty="Nothing was refused."
      />
    </>
  );
}
