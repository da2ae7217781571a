import { Anchor, Box, Group, SegmentedControl, SimpleGrid, Skeleton, Stack } from "@mantine/core";
import { memo, useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Page } from "../../parts/Page";
import { Failed } from "../../parts/states";
import { useFilters } from "../../parts/url";
import { Attention } from "./Attention";
import { Backends } from "./Backends";
import { Charts, ChartsWaiting } from "./Charts";
import { Live } from "./Live";
import { logsOf } from "./links";
import { type Full, RANGES, type RangeName, useDashboard } from "./queries";
import { StateRow } from "./StateRow";
import { Steps } from "./Steps";
import { Tiles, TilesWaiting } from "./Tiles";
import { ById, ByModel } from "./Uses";
import "./words";

const FIRST: RangeName = "24h";

export default function DashboardPage() {
  const { t } = useTranslation("dashboard");
  const { t: common } = useTranslation();
  const { get, set } = useFilters();
  const range = RANGES.find((name) => name === get("range")) ?? FIRST;
  // The control answers at once; the charts of the new range are drawn after that.
  const shown = useDeferredValue(range);
  const dashboard = useDashboard(shown);
  const isOld = shown !== range || dashboard.isPlaceholderData;
  const full = dashboard.data;
  return (
    <Page
      title={common("nav.dashboard")}
      purpose={t("purpose")}
      action={
        <SegmentedControl
          size="xs"
          aria-label={t("range.label")}
          value={range}
          onChange={(value) => set({ range: value === FIRST ? null : value })}
          data={RANGES.map((value) => ({ value, label: t(`range.${value}`) }))}
        />
      }
    >
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Live />
          {full && (
            <Anchor component={Link} href={logsOf({ since: full.range.start })} size="sm">
              {t("allLogs")}
            </Anchor>
          )}
        </Group>
        {dashboard.isError && !full && <Failed error={dashboard.error} retry={dashboard.refetch} />}
        {dashboard.isPending && <Waiting />}
        {full && (
          <Box opacity={isOld ? 0.6 : 1} aria-busy={isOld}>
            <Content full={full} />
          </Box>
        )}
      </Stack>
    </Page>
  );
}

const Content = memo(function Content({ full }: { full: Full }) {
  const isUnused = full.totals.requests === 0;
  // Who has waited here for the first request sees its tick, too.
  const [wasUnused] = useState(isUnused);
  if (isUnused) {
    return (
      <Stack gap="sm">
        <Steps full={full} />
        <Attention dashboard={full} />
        <StateRow dashboard={full} />
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      {wasUnused && <Steps full={full} />}
      <Tiles full={full} />
      <Attention dashboard={full} />
      <Charts range={full.range} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        <ByModel range={full.range} />
        <ById range={full.range} kind="token" />
        <ById range={full.range} kind="channel" />
        <Backends full={full} />
      </SimpleGrid>
      <StateRow dashboard={full} />
    </Stack>
  );
});

/** Keeps the places of what comes. */
function Waiting() {
  return (
    <Stack gap="sm" aria-busy>
      <TilesWaiting />
      <Skeleton h={22} />
      <ChartsWaiting />
    </Stack>
  );
}
