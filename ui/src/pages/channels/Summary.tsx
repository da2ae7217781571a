import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { Counts } from "../../parts/Counts";

interface SummaryProps {
  channels: Channel[] | undefined;
  counts: { total: number; enabled: number; healthy: number; disabled: number } | undefined;
}

/** How many there are, and how they are. */
export function Summary({ channels, counts }: SummaryProps) {
  const { t } = useTranslation("channels");
  if (!channels || !counts) return <Counts counts={undefined} />;
  const down = counts.enabled - counts.healthy;
  const running = channels.reduce((sum, channel) => sum + channel.currentConcurrent, 0);
  return (
    <Counts
      counts={[
        [t("summary.total", { count: counts.total }), counts.total],
        [t("summary.healthy"), counts.healthy],
        [t("summary.down"), down, down > 0],
        [t("summary.disabled"), counts.disabled],
        [t("summary.inFlight", { count: running }), running],
      ]}
    />
  );
}
