import { Chart } from "../components/Chart";
import { reasonOf } from "./rejects";

interface Props {
  counts: { code: string; rows: number }[];
}

/** Draws how many rows were refused for which reason. */
export default function RefusedChart({ counts }: Props) {
  const data = counts.map(({ code, rows }) => ({ x: reasonOf(code), y: rows }));
  return (
    <Chart
      choice={{ kind: "bar", x: "Reason" }}
      data={{ labels: data.map(({ x }) => x), others: 0, series: [{ title: "Refused rows", data }] }}
      label="Refused rows by reason"
      xTitle="Reason"
      yTitle="Rows"
      height={180}
    />
  );
}
