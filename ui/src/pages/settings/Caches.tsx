import { Button, Card, Group, Progress, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { useFormat } from "../../parts/format";
import { Status } from "../../parts/Status";
import { Failed } from "../../parts/states";
import { useChange } from "../../parts/useChange";
import { useCache } from "./queries";

/** What the caches hold and how often they help. */
export function Caches() {
  const { t } = useTranslation("settings");
  const mayChange = useMayChange();
  const cache = useCache();
  const clear = useChange({
    call: () => data(api.DELETE("/admin/api/cache")),
    stale: [["cache"]],
    done: t("cache.cleared"),
  });
  if (cache.isError && !cache.data) return <Failed error={cache.error} retry={cache.refetch} />;
  return (
    <Card withBorder p="md">
      <Group justify="space-between" mb="sm">
        <Title order={3} size="h5">
          {t("cache.title")}
        </Title>
        {mayChange && (
          <Button variant="default" size="xs" loading={clear.isPending} onClick={() => clear.mutate()}>
            {t("cache.clear")}
          </Button>
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        {(["embeddings", "chat"] as const).map((name) =>
          cache.data ? (
            <One key={name} name={name} isOn={cache.data.enabled[name]} stats={cache.data[name]} />
          ) : (
            <Skeleton key={name} h={118} />
          ),
        )}
      </SimpleGrid>
    </Card>
  );
}

interface OneProps {
  name: "embeddings" | "chat";
  isOn: boolean;
  stats: Schemas["CacheStats"];
}

function One({ name, isOn, stats }: OneProps) {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const { hits, misses, evictions } = stats;
  const asked = hits + misses;
  const rate = asked === 0 ? 0 : hits / asked;
  const label = t("cache.rate", { rate: format.percent(rate) });
  const counts = {
    hits: format.number(hits),
    misses: format.number(misses),
    evictions: format.number(evictions),
  };
  return (
    <Stack gap={6}>
      <Group gap="xs">
        <Text fw={500} size="sm">
          {t(`cache.${name}`)}
        </Text>
        <Status state={isOn ? "enabled" : "disabled"} />
      </Group>
      <Text size="sm" className="numbers">
        {t("cache.items", { size: format.number(stats.size), max: format.number(stats.maxSize) })}
        {stats.maxBytes > 0 && (
          <Text span size="sm" c="dimmed">
            {` · ${t("cache.atMost", { bytes: format.bytes(stats.maxBytes) })}`}
          </Text>
        )}
      </Text>
      <Progress value={rate * 100} color="teal" aria-label={label} />
      <Text size="xs" c="dimmed" className="numbers">
        {label} · {t("cache.hits", counts)}
      </Text>
    </Stack>
  );
}
