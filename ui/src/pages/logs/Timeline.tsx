import { Box, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { OutcomeBadge } from "../../parts/Outcome";
import type { LogRecord } from "./record";
import { type Span, spansOf } from "./spans";

const COLORS: Record<Span["kind"], string> = {
  queued: "yellow",
  attempt: "red",
  waiting: "gray",
  reply: "teal",
  rest: "gray",
};

/** One request's life: each stretch as a bar at its place and to scale, with its words and times beside it. */
export function Timeline({ record }: { record: LogRecord }) {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const spans = spansOf(record);
  return (
    <section aria-label={t("timeline.title")}>
      <Title order={3} size="h5" mb={6}>
        {t("timeline.title")}
      </Title>
      <Stack gap={8} component="ol" m={0} p={0} style={{ listStyle: "none" }}>
        <Point name={t("timeline.admitted")} at={0} />
        {spans.map((span, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: stretches have no name, and never change their order
          <Stretch key={index} span={span} total={record.duration} number={numberOf(spans, index)} />
        ))}
        <Point name={t("timeline.end")} at={record.duration} />
      </Stack>
      <Text size="xs" c="dimmed" mt={6}>
        {t("timeline.scale", { total: format.ms(record.duration) })}
      </Text>
    </section>
  );
}

/** Which attempt it is, from 1. */
function numberOf(spans: Span[], index: number): number {
  return spans.slice(0, index + 1).filter(({ kind }) => kind === "attempt").length;
}

function Point({ name, at }: { name: string; at: number }) {
  const format = useFormat();
  return (
    <Group component="li" justify="space-between" gap="xs">
      <Text size="sm">{name}</Text>
      <Text size="sm" c="dimmed" className="numbers">
        {format.ms(at)}
      </Text>
    </Group>
  );
}

function Stretch({ span, total, number }: { span: Span; total: number; number: number }) {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const { kind, attempt, from, to } = span;
  const part = (ms: number) => (total > 0 ? (ms / total) * 100 : 0);
  return (
    <Box component="li">
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start" mb={3}>
        <Group gap={4} miw={0}>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {attempt
              ? t("timeline.attempt", { number, backend: attempt.backendName })
              : t(`timeline.${kind === "attempt" ? "rest" : kind}`)}
          </Text>
          {attempt && <OutcomeBadge outcome={attempt.outcome} />}
        </Group>
        <Text size="sm" className="numbers" style={{ whiteSpace: "nowrap" }}>
          {format.ms(to - from)}
        </Text>
      </Group>
      <Progress.Root size="sm" aria-hidden radius="xs">
        <Progress.Section value={part(from)} color="transparent" aria-hidden />
        {/* What is too short to be seen at its scale is a thin line. */}
        <Progress.Section value={Math.max(0.5, part(to - from))} color={COLORS[kind]} aria-hidden />
      </Progress.Root>
      {attempt?.reason && (
        <Text size="xs" c="dimmed" mt={2} style={{ overflowWrap: "anywhere" }}>
          {attempt.reason}
        </Text>
      )}
    </Box>
  );
}
