import { Badge, Group, Skeleton, Text } from "@mantine/core";
import { IconPointFilled } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Dashboard, useGlance } from "../../api/queries";
import { useFormat } from "../../parts/format";

const LIVE_MS = 3_000;
/** The rate is taken over about this time, so that it does not jump with each request. */
const WINDOW_MS = 15_000;

/** Requests that ended in a second over the last minute and the running one, as the gateway has counted them. */
function ofMinutes({ time, minutes }: Dashboard): number | null {
  const last = minutes.slice(-2);
  const [first] = last;
  if (!first) return null;
  const seconds = (new Date(time).getTime() - new Date(first.start).getTime()) / 1_000;
  return last.reduce((sum, { requests }) => sum + requests, 0) / Math.max(1, seconds);
}

/** Requests that ended in a second, from the sums of the last answers once there are two. */
function useRate(glance: Dashboard | undefined): number | null {
  const seen = useRef<{ at: number; requests: number }[]>([]);
  if (!glance) return null;
  const at = new Date(glance.time).getTime();
  const { requests } = glance.totals;
  const last = seen.current.at(-1);
  if (last?.at !== at)
    seen.current = [...seen.current.filter((old) => old.at > at - WINDOW_MS), { at, requests }];
  const [first] = seen.current;
  if (!first || first.at >= at) return ofMinutes(glance);
  return Math.max(0, (requests - first.requests) / ((at - first.at) / 1_000));
}

/** What goes on at this moment. */
export function Live() {
  const { t } = useTranslation("dashboard");
  const { t: common } = useTranslation();
  const format = useFormat();
  const glance = useGlance(LIVE_MS);
  const rate = useRate(glance.data);
  const { activeConnections = 0, activeStreams = 0 } = glance.data?.metrics ?? {};
  const n = (count: number) => ({ count, n: format.number(count) });
  const isLive = glance.isSuccess && !glance.isRefetchError;
  return (
    <Group gap="xs" mih={28} className="numbers">
      <Badge
        color={isLive ? "teal" : "gray"}
        tt="none"
        leftSection={<IconPointFilled size={12} aria-hidden />}
      >
        {t("live.live")}
      </Badge>
      {rate === null ? (
        <Skeleton w={90} h={14} />
      ) : (
        <Text size="sm">{common("unit.perSecond", { n: format.short(rate) })}</Text>
      )}
      <Text size="sm" c="dimmed">
        {t("live.running", n(activeConnections))}
      </Text>
      <Text size="sm" c="dimmed">
        {t("live.streams", n(activeStreams))}
      </Text>
    </Group>
  );
}
