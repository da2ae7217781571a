import { Group, Skeleton, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { useFormat } from "../../parts/format";

interface SummaryProps {
  channels: Channel[] | undefined;
  counts: { total: number; enabled: number; healthy: number; disabled: number } | undefined;
}

/** How many there are, and how they are. */
export function Summary({ channels, counts }: SummaryProps) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  if (!channels || !counts) return <Skeleton h={24} w={320} maw="100%" />;
  const down = counts.enabled - counts.healthy;
  const running = channels.reduce((sum, channel) => sum + channel.currentConcurrent, 0);
  const numbers: [string, number, string?][] = [
    [t("summary.total"), counts.total],
    [t("summary.healthy"), counts.healthy],
    [t("summary.down"), down, down > 0 ? "red" : undefined],
    [t("summary.disabled"), counts.disabled],
    [t("summary.inFlight"), running],
  ];
  return (
    <Group gap="lg">
      {numbers.map(([name, count, color]) => (
        <Group key={name} gap={6} align="baseline">
          <Text fw={600} className="numbers" {...(color && { c: "var(--mantine-color-error)" })}>
            {format.number(count)}
          </Text>
          <Text size="sm" c="dimmed">
            {name}
          </Text>
        </Group>
      ))}
    </Group>
  );
}
