import { Skeleton, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Chart } from "../../parts/charts";
import { useFormat } from "../../parts/format";
import { Failed } from "../../parts/states";
import { useTokenUsage } from "./queries";

/** Tokens by day as bars. */
export function TokenUsage({ id }: { id: string }) {
  const { t } = useTranslation("tokens");
  const format = useFormat();
  const usage = useTokenUsage(id);
  const days = Object.entries(usage.data ?? {}).sort(([a], [b]) => a.localeCompare(b));
  const data = days.map(([day, use]) => ({
    day,
    promptTokens: use.promptTokens,
    completionTokens: use.completionTokens,
  }));
  return (
    <div>
      <Title order={3} size="h5" mb="xs">
        {t("detail.usage")}
      </Title>
      {usage.isPending && <Skeleton h={180} />}
      {usage.isError && <Failed error={usage.error} retry={usage.refetch} />}
      {usage.isSuccess && data.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("detail.noUsage")}
        </Text>
      )}
      {data.length > 0 && (
        <Chart
          kind="bars"
          h={180}
          data={data}
          by="day"
          stacked
          series={[
            { name: "promptTokens", label: t("detail.prompt"), color: "accent.4" },
            { name: "completionTokens", label: t("detail.completion"), color: "accent.7" },
          ]}
          value={format.short}
          tick={format.dayOfYear}
        />
      )}
    </div>
  );
}
