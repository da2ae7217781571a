import { Alert, Stack, Text } from "@mantine/core";
import { Fragment, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { useMove } from "./changes";
import { Gap } from "./Gap";
import { useIsWeighted } from "./queries";
import { between, type Tier, tiersOf } from "./shares";
import { TierRow } from "./TierRow";

/** Tiers that are open at first. */
const OPEN = 8;

interface BoardProps {
  channels: Channel[];
  /** Those that the search admits. */
  found: Channel[];
  isFiltered: boolean;
}

/** Where traffic goes: one row a priority, the highest first. */
export function Board({ channels, found, isFiltered }: BoardProps) {
  const { t } = useTranslation("channels");
  const mayChange = useMayChange();
  const isWeighted = useIsWeighted();
  const move = useMove();
  const [dragged, drag] = useState<Channel>();
  const tiers = useMemo(() => tiersOf(channels), [channels]);
  const shown = useMemo(() => new Set(found.map((channel) => channel.id)), [found]);
  const to = (channel: Channel, priority: number) => {
    if (channel.priority !== priority) move.mutate({ channel, priority });
  };
  const drop = (priority: number) => {
    if (dragged) to(dragged, priority);
    drag(undefined);
  };
  const visible = isFiltered
    ? tiers.filter((tier) => tier.channels.some((channel) => shown.has(channel.id)))
    : tiers;
  return (
    <Stack gap={0}>
      {!isWeighted && (
        <Alert color="gray" mb="xs">
          {t("board.leastBusy")}
        </Alert>
      )}
      <Text size="sm" c="dimmed" mb={4}>
        {mayChange ? t("board.hint") : t("board.hintSeen")}
      </Text>
      {visible.map((tier, at) => (
        <Fragment key={tier.priority}>
          <Gap dragged={dragged} priority={between(visible[at - 1]?.priority, tier.priority)} drop={drop} />
          <TierRow
            tier={tier}
            shown={isFiltered ? tier.channels.filter((channel) => shown.has(channel.id)) : tier.channels}
            isOpen={isFiltered || at < OPEN}
            ways={waysOf(tiers, tier)}
            move={to}
            dragged={dragged}
            drag={drag}
            drop={drop}
          />
        </Fragment>
      ))}
      <Gap dragged={dragged} priority={between(visible.at(-1)?.priority, undefined)} drop={drop} />
    </Stack>
  );
}

/** Priorities that a channel of a tier can go to by one step, and above or below all. */
export interface Ways {
  higher: number | undefined;
  lower: number | undefined;
  top: number | undefined;
  bottom: number | undefined;
}

function waysOf(tiers: Tier[], tier: Tier): Ways {
  const at = tiers.indexOf(tier);
  const isAlone = tier.channels.length === 1;
  const [first, last] = [tiers[0], tiers.at(-1)];
  const top = isAlone && at === 0 ? undefined : between(undefined, first?.priority);
  const bottom = isAlone && tier === last ? undefined : between(last?.priority, undefined);
  return {
    higher: tiers[at - 1]?.priority ?? top,
    lower: tiers[at + 1]?.priority ?? bottom,
    top,
    bottom,
  };
}
