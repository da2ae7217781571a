import { Group, Paper, SimpleGrid, Skeleton, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Formats, useFormat } from "../../parts/format";
import type { Full, Use } from "./queries";
import { Spark } from "./Spark";

const TILE_HEIGHT = 124;

interface Tile {
  name: "requests" | "errors" | "tokens" | "firstToken";
  value: string;
  detail: string;
  /** Against the stretch before. */
  change: string | null;
  course: (number | null)[];
  color?: string;
}

const tokensOf = (use: Use) => use.promptTokens + use.completionTokens;
const rateOf = (use: Pick<Use, "requests" | "failed">) => (use.requests > 0 ? use.failed / use.requests : 0);
const signed = (format: Formats, part: number) => `${part < 0 ? "−" : "+"}${format.percent(Math.abs(part))}`;
/** The difference of two parts of a hundred, to a tenth. */
const points = (format: Formats, part: number) =>
  `${part < 0 ? "−" : "+"}${format.number(Math.round(Math.abs(part) * 1_000) / 10)}`;

function useTiles(full: Full): Tile[] {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const { series, totals, firstToken, pieceSeconds, name, previous } = full.range;
  const before = previous.totals.requests > 0 ? previous.totals : null;
  const against = (change: string) => t("change", { change, before: t(`before.${name}`) });
  const grown = (now: number, then: number) => (then > 0 ? against(signed(format, now / then - 1)) : null);
  const time = (ms: number | null) => (ms === null ? "–" : format.ms(ms));
  const minutes = (series.length * pieceSeconds) / 60;
  return [
    {
      name: "requests",
      value: format.number(totals.requests),
      detail: t("tile.perMinute", { n: format.short(totals.requests / minutes) }),
      change: before && grown(totals.requests, before.requests),
      course: series.map((piece) => piece.requests),
    },
    {
      name: "errors",
      value: format.percent(rateOf(totals)),
      detail: t("tile.failed", { failed: format.number(totals.failed), all: format.number(totals.requests) }),
      change: before && against(t("points", { n: points(format, rateOf(totals) - rateOf(before)) })),
      course: series.map((piece) => (piece.requests > 0 ? rateOf(piece) : null)),
      color: "red-6",
    },
    {
      name: "tokens",
      value: format.short(tokensOf(totals)),
      detail: t("tile.inOut", {
        prompt: format.short(totals.promptTokens),
        completion: format.short(totals.completionTokens),
      }),
      change: before && grown(tokensOf(totals), tokensOf(before)),
      course: series.map(tokensOf),
    },
    {
      name: "firstToken",
      value: time(firstToken.p95),
      detail: t("tile.spread", { p50: time(firstToken.p50), p99: time(firstToken.p99) }),
      change: firstToken.p95 === null ? null : grown(firstToken.p95, previous.firstToken.p95 ?? 0),
      course: series.map((piece) => piece.firstToken.p95),
    },
  ];
}

/** The four numbers that tell most, each with its course. */
export function Tiles({ full }: { full: Full }) {
  const { t } = useTranslation("dashboard");
  const tiles = useTiles(full);
  return (
    <SimpleGrid cols={{ base: 2, lg: 4 }} spacing="sm">
      {tiles.map((tile) => (
        <Paper
          key={tile.name}
          withBorder
          p="sm"
          mih={TILE_HEIGHT}
          role="group"
          aria-label={t(`tile.${tile.name}`)}
        >
          <Text size="sm" c="dimmed">
            {t(`tile.${tile.name}`)}
          </Text>
          <Group gap="xs" justify="space-between" align="baseline" className="numbers">
            <Text size="xl" fw={600} lh={1.3}>
              {tile.value}
            </Text>
            <Text size="xs" c="dimmed">
              {tile.change}
            </Text>
          </Group>
          <Spark values={tile.course} {...(tile.color && { color: tile.color })} />
          <Text size="xs" c="dimmed" mt={4} className="numbers">
            {tile.detail}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}

export function TilesWaiting() {
  return (
    <SimpleGrid cols={{ base: 2, lg: 4 }} spacing="sm">
      {["requests", "errors", "tokens", "firstToken"].map((name) => (
        <Skeleton key={name} h={TILE_HEIGHT} />
      ))}
    </SimpleGrid>
  );
}
