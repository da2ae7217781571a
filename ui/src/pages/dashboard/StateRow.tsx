import { Group, Paper, SimpleGrid, Text, Title, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Dashboard } from "../../api/queries";
import { useFormat } from "../../parts/format";

interface Fact {
  name: string;
  value: string;
  hint?: string;
  isBad?: boolean;
}

function useFacts(of: Dashboard): Fact[] {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const n = format.number;
  const cache = (which: "embeddings" | "chat") => {
    const { hits, misses, size, maxSize } = of.cache[which];
    const rate = format.percent(hits / Math.max(1, hits + misses));
    return of.cache.enabled[which]
      ? t("state.hits", { rate, size: format.short(size), max: format.short(maxSize) })
      : t("state.off");
  };
  const { queue, ledger, drops, rateLimiter, metrics } = of;
  const behind = ledger.records + ledger.sums + ledger.rows;
  const mode = of.accessControl.mode as "disabled" | "whitelist" | "blacklist";
  const limits = (["global", "ip", "token"] as const).flatMap((which) => {
    const limit = rateLimiter[which];
    return limit === "disabled" ? [] : [t(`state.limit.${which}`, { n: n(limit.maxRequests) })];
  });
  const dropped = drops.spans + drops.logRows + drops.logLines + drops.captures;
  const written = behind > 0 ? t("state.behind", { count: behind, n: n(behind) }) : t("state.written");
  const counts = [of.channels.enabled, of.keys.enabled, of.tokens.enabled].map(n);
  return [
    { name: t("state.embeddings"), value: cache("embeddings") },
    { name: t("state.chat"), value: cache("chat") },
    {
      name: t("state.queue"),
      value: t("state.waiting", { waiting: n(queue.waiting), max: n(queue.max) }),
      hint: t("state.queueHint", { served: n(queue.served), full: n(queue.full), tooLong: n(queue.tooLong) }),
    },
    { name: t("state.limits"), value: limits.length > 0 ? limits.join(" · ") : t("state.off") },
    { name: t("state.access"), value: t(`state.accessMode.${mode}`) },
    { name: t("state.ledger"), value: ledger.failing ? t("state.failing") : written, isBad: ledger.failing },
    {
      name: t("state.drops"),
      value: n(dropped),
      hint: t("state.dropsHint", { ...drops }),
      isBad: of.attention.list.some(({ kind }) => kind === "drops" || kind === "disk_failing"),
    },
    { name: t("state.memory"), value: metrics.memory ? format.bytes(metrics.memory.rss * 1_048_576) : "–" },
    { name: t("state.uptime"), value: format.ms(metrics.uptime * 1_000) },
    { name: t("state.have"), value: counts.join(" · ") },
    { name: t("state.today"), value: format.short(of.today.promptTokens + of.today.completionTokens) },
  ];
}

/** What else is worth a look, each with a few words. */
export function StateRow({ dashboard }: { dashboard: Dashboard }) {
  const { t } = useTranslation("dashboard");
  const facts = useFacts(dashboard);
  return (
    <Paper withBorder p="sm" component="section" aria-label={t("state.title")}>
      <Title order={2} size="h5" mb="xs">
        {t("state.title")}
      </Title>
      <SimpleGrid cols={{ base: 2, md: 3, lg: 4 }} spacing="md" verticalSpacing="xs">
        {facts.map(({ name, value, hint, isBad }) => (
          <Tooltip key={name} label={hint} disabled={!hint} multiline maw={320}>
            <Group gap={0} display="block" {...(hint && { tabIndex: 0 })}>
              <Text size="xs" c="dimmed">
                {name}
              </Text>
              <Text
                size="sm"
                className="numbers"
                {...(isBad && { c: "var(--mantine-color-error)", fw: 600 })}
              >
                {value}
              </Text>
            </Group>
          </Tooltip>
        ))}
      </SimpleGrid>
    </Paper>
  );
}
