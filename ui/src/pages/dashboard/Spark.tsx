import { Box } from "@mantine/core";

const WIDTH = 120;
const HEIGHT = 28;

/** The course of a number, without axes; moments without one are bridged. */
export function Spark({ values, color = "accent-5" }: { values: (number | null)[]; color?: string }) {
  const most = Math.max(...values.map((value) => value ?? 0), 0);
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.flatMap((value, index) =>
    value === null
      ? []
      : [`${(index * step).toFixed(1)},${(HEIGHT - 1 - (value / (most || 1)) * (HEIGHT - 2)).toFixed(1)}`],
  );
  const stroke = `var(--mantine-color-${color})`;
  return (
    <Box
      component="svg"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      w="100%"
      h={HEIGHT}
      display="block"
      aria-hidden
    >
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke={stroke}
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </Box>
  );
}
