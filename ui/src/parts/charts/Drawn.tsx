import "@mantine/charts/styles.css";
import { AreaChart, BarChart, LineChart } from "@mantine/charts";
import { usePick } from "./usePick";

interface DrawnProps {
  kind: "bars" | "lines" | "areas";
  h: number;
  data: Record<string, string | number | null>[];
  /** The member with the moment or the name below the axis. */
  by: string;
  series: { name: string; label: string; color: string }[];
  stacked?: boolean;
  /** How a value is written, with its unit. */
  value: (value: number) => string;
  /** How `by` is written below the axis. */
  tick?: (by: string) => string;
  /** Charts with the same word move their cursors together. */
  syncId?: string;
  /** False where the page has one of its own. */
  legend?: boolean;
  /** A click on a moment, as its place in `data`. */
  onPick?: (place: number) => void;
}

/** With fewer values than this a line alone would not be seen. */
const FEW = 3;

/** Axes, grid, tooltip and legend, the same in every chart. */
export default function Drawn(props: DrawnProps) {
  const { kind, h, data, by, series, stacked, value, tick, syncId, legend = series.length > 1 } = props;
  const frame = { syncId, ...usePick(props.onPick) };
  const shared = {
    h,
    data,
    dataKey: by,
    series,
    withLegend: legend,
    valueFormatter: value,
    xAxisProps: { minTickGap: 24, ...(tick && { tickFormatter: tick }) },
    yAxisProps: { width: 64, allowDecimals: kind !== "bars" },
    tickLine: "none",
    gridAxis: "x",
  } as const;
  const still = { isAnimationActive: false };
  if (kind === "bars") {
    const type = stacked ? "stacked" : "default";
    return <BarChart {...shared} type={type} barProps={still} barChartProps={frame} />;
  }
  if (kind === "lines") {
    const isFew = data.filter((row) => series.some(({ name }) => row[name] != null)).length < FEW;
    return <LineChart {...shared} withDots={isFew} lineProps={still} lineChartProps={frame} />;
  }
  const type = stacked ? "stacked" : "default";
  return <AreaChart {...shared} type={type} withDots={false} areaProps={still} areaChartProps={frame} />;
}
