import { Anchor, Center, ColorSwatch, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { Chart } from "../../parts/charts";
import { type Formats, useFormat } from "../../parts/format";
import { logsOf } from "./links";
import { Panel } from "./Panel";
import type { Range } from "./queries";

/** Each outcome keeps its colour, the good ones first and the gateway's own faults last. */
const COLORS = {
  ok: "accent.5",
  client_gone: "gray.5",
  bad_request: "yellow.5",
  unauthorized: "yellow.8",
  no_model: "lime.7",
  rate_limited: "orange.5",
  quota: "orange.8",
  overloaded: "grape.5",
  timeout: "violet.6",
  upstream_connect: "red.4",
  upstream_status: "red.6",
  upstream_stream: "red.8",
  internal: "pink.8",
} as const;
type Outcome = keyof typeof COLORS;
const OUTCOMES = Object.keys(COLORS) as Outcome[];
const SYNC = "dashboard";
const HEIGHT = 220;

/** The moment of a piece as its length wants it told: unlike all others of the stretch. */
function labels({ series, name }: Range, format: Formats): string[] {
  const say = { "1h": format.minute, "24h": format.minute, "7d": format.hourOfDay, "30d": format.dayOfYear }[
    name
  ];
  return series.map((piece) => say(piece.start));
}

/** The courses of a stretch. Their cursors move together; what is clicked opens in the logs. */
export function Charts({ range }: { range: Range }) {
  const { t } = useTranslation("dashboard");
  const { t: common } = useTranslation();
  const format = useFormat();
  const [, go] = useLocation();
  const names = labels(range, format);
  const used = OUTCOMES.filter((outcome) => range.outcomes[outcome]);
  const counts = ({ outcomes }: Range["series"][number]) =>
    Object.fromEntries(used.map((outcome) => [outcome, outcomes[outcome] ?? 0]));
  const pick = (place: number) => {
    const start = range.series[place]?.start;
    if (!start) return;
    const until = new Date(new Date(start).getTime() + range.pieceSeconds * 1_000).toISOString();
    go(logsOf({ since: start, until }));
  };
  const shared = { by: "moment", syncId: SYNC, onPick: pick, h: HEIGHT, legend: false };
  const times = (name: "latency" | "firstToken") =>
    range[name].p50 === null ? (
      <Nothing />
    ) : (
      <Chart
        {...shared}
        legend
        kind="lines"
        data={range.series.map((piece, index) => ({ moment: names[index] ?? "", ...piece[name] }))}
        series={[
          { name: "p50", label: "p50", color: "teal.7" },
          { name: "p95", label: "p95", color: "accent.5" },
          { name: "p99", label: "p99", color: "orange.7" },
        ]}
        value={format.ms}
      />
    );
  return (
    <Stack gap="sm">
      <Panel title={t("chart.outcomes")} side={t("chart.hint")}>
        {used.length === 0 ? (
          <Nothing />
        ) : (
          <Chart
            {...shared}
            kind="bars"
            stacked
            data={range.series.map((piece, index) => ({ moment: names[index] ?? "", ...counts(piece) }))}
            series={used.map((name) => ({ name, label: common(`outcome.${name}`), color: COLORS[name] }))}
            value={format.number}
          />
        )}
        <Legend range={range} used={used} />
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <Panel title={t("chart.latency")}>{times("latency")}</Panel>
        <Panel title={t("chart.firstToken")}>{times("firstToken")}</Panel>
      </SimpleGrid>
    </Stack>
  );
}

/** In the place of a chart that would be empty. */
function Nothing() {
  const { t } = useTranslation("dashboard");
  return (
    <Center h={HEIGHT}>
      <Text size="sm" c="dimmed">
        {t("chart.nothing")}
      </Text>
    </Center>
  );
}

/** The outcomes with their counts; each opens its requests, by keyboard too. */
function Legend({ range, used }: { range: Range; used: Outcome[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Group gap="xs" mt="xs" mih={26}>
      {used.map((outcome) => (
        <Anchor
          key={outcome}
          component={Link}
          href={logsOf({ outcome, since: range.start })}
          size="xs"
          className="numbers"
        >
          <Group gap={4} wrap="nowrap">
            <ColorSwatch
              size={10}
              color={`var(--mantine-color-${COLORS[outcome].replace(".", "-")})`}
              aria-hidden
            />
            {t(`outcome.${outcome}`)} {format.number(range.outcomes[outcome] ?? 0)}
          </Group>
        </Anchor>
      ))}
    </Group>
  );
}

/** The places of the charts, of the same size. */
export function ChartsWaiting() {
  return (
    <Stack gap="sm">
      <Skeleton h={HEIGHT + 90} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <Skeleton h={HEIGHT + 56} />
        <Skeleton h={HEIGHT + 56} />
      </SimpleGrid>
    </Stack>
  );
}
