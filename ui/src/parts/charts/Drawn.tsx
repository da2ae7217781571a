import "@mantine/charts/styles.css";
import { AreaChart, BarChart, LineChart } from "@mantine/charts";

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
}

/** Axes, grid, tooltip and legend, the same in every chart. */
export default function Drawn({ kind, h, data, by, series, stacked, value, tick, syncId }: DrawnProps) {
  const shared = {
    h,
    data,
    dataKey: by,
    series,
    withLegend: series.length > 1,
    valueFormatter: value,
    xAxisProps: { minTickGap: 24, ...(tick && { tickFormatter: tick }) },
    yAxisProps: { width: 64 },
    tickLine: "none",
    gridAxis: "y",
  } as const;
  const still = { isAnimationActive: false };
  if (kind === "bars") {
    const type = stacked ? "stacked" : "default";
    return <BarChart {...shared} type={type} barProps={still} barChartProps={{ syncId }} />;
  }
  if (kind === "lines") {
    return <LineChart {...shared} withDots={false} lineProps={still} lineChartProps={{ syncId }} />;
  }
  const type = stacked ? "stacked" : "default";
  return <AreaChart {...shared} type={type} withDots={false} areaProps={still} areaChartProps={{ syncId }} />;
}
