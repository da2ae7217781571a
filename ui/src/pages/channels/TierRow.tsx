import {
  Badge,
  Button,
  Flex,
  Group,
  Paper,
  Progress,
  Text,
  Title,
  Tooltip,
  UnstyledButton,
} from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { useFormat } from "../../parts/format";
import type { Ways } from "./Board";
import { ChannelCard } from "./ChannelCard";
import { shareOf, stateOf, type Tier } from "./shares";

/** Cards of a tier that are shown at first. */
const CARDS = 12;
/** A bar with more parts than these says nothing. */
const PARTS = 40;

interface TierRowProps {
  tier: Tier;
  /** Those of it that the search admits. */
  shown: Channel[];
  isOpen: boolean;
  ways: Ways;
  move: (channel: Channel, priority: number) => void;
  dragged: Channel | undefined;
  drag: (channel: Channel | undefined) => void;
  drop: (priority: number) => void;
}

/** One priority: its channels as cards, each as wide as its share. */
export function TierRow({ tier, shown, isOpen, ways, move, dragged, drag, drop }: TierRowProps) {
  const { t } = useTranslation("channels");
  const [opened, setOpened] = useState<boolean>();
  const [isOver, setOver] = useState(false);
  const [isWhole, setWhole] = useState(false);
  const isTarget = dragged !== undefined && dragged.priority !== tier.priority;
  const isShown = opened ?? isOpen;
  const cards = isWhole ? shown : shown.slice(0, CARDS);
  return (
    <Paper
      component="section"
      withBorder
      p="sm"
      aria-label={t("board.tier", { priority: tier.priority })}
      data-priority={tier.priority}
      bg={isOver && isTarget ? "var(--mantine-primary-color-light)" : undefined}
      onDragOver={(event) => {
        if (!isTarget) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        drop(tier.priority);
      }}
    >
      <TierHead tier={tier} isShown={isShown} toggle={() => setOpened(!isShown)} />
      {isShown && (
        <>
          <Shares tier={tier} />
          <Flex wrap="wrap" gap="xs" mt="xs">
            {cards.map((channel) => (
              <ChannelCard
                key={channel.id}
                channel={channel}
                share={shareOf(channel, tier.weights)}
                ways={ways}
                move={move}
                drag={drag}
              />
            ))}
          </Flex>
          {shown.length > CARDS && (
            <Button variant="subtle" size="xs" mt="xs" onClick={() => setWhole(!isWhole)}>
              {isWhole ? t("board.fewer") : t("board.all", { count: shown.length - CARDS })}
            </Button>
          )}
        </>
      )}
    </Paper>
  );
}

function TierHead({ tier, isShown, toggle }: { tier: Tier; isShown: boolean; toggle: () => void }) {
  const { t } = useTranslation("channels");
  const enabled = tier.channels.filter((channel) => channel.enabled);
  const well = enabled.filter((channel) => channel.healthy).length;
  const [color, word] = tier.isServing
    ? ["teal", t("board.serving")]
    : ["gray", t(enabled.length === 0 ? "board.off" : well === 0 ? "board.idle" : "board.standby")];
  const Icon = isShown ? IconChevronDown : IconChevronRight;
  return (
    <Group gap="xs">
      <UnstyledButton onClick={toggle} aria-expanded={isShown}>
        <Group gap={4} wrap="nowrap">
          <Icon size={16} aria-hidden />
          <Title order={2} size="h5">
            {t("board.tier", { priority: tier.priority })}
          </Title>
        </Group>
      </UnstyledButton>
      <Badge color={color} tt="none">
        {word}
      </Badge>
      <Text size="sm" c="dimmed" className="numbers" ml="auto">
        {t("board.channels", { count: tier.channels.length })}
        {enabled.length > 0 && ` · ${t("board.well", { n: well, of: enabled.length })}`}
      </Text>
    </Group>
  );
}

/** The shares as one bar. */
function Shares({ tier }: { tier: Tier }) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  const parts = tier.channels.filter((channel) => channel.enabled);
  if (parts.length < 2 || parts.length > PARTS) return null;
  const color = (channel: Channel, at: number) => {
    if (!channel.healthy) return "red.6";
    if (stateOf(channel) === "degraded") return "orange.6";
    return at % 2 === 0 ? "accent.6" : "accent.4";
  };
  return (
    <Progress.Root size="md" mt="xs" aria-label={t("board.shares", { priority: tier.priority })}>
      {parts.map((channel, at) => {
        const share = shareOf(channel, tier.weights);
        const says = format.pair(channel.name, format.percent(share));
        return (
          <Tooltip key={channel.id} label={says}>
            <Progress.Section value={share * 100} color={color(channel, at)} aria-label={says} />
          </Tooltip>
        );
      })}
    </Progress.Root>
  );
}
