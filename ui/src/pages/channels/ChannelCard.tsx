import { ActionIcon, Box, Group, Paper, Stack, Text, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Backend, Channel } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { hostOf, Load, stateOfBackend } from "../../parts/backend";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { Status } from "../../parts/Status";
import type { Ways } from "./Board";
import { CardMenu } from "./CardMenu";
import { stateOf } from "./shares";

/** Backends that a card has room for. */
const ROWS = 4;

interface CardProps {
  channel: Channel;
  share: number;
  ways: Ways;
  move: (channel: Channel, priority: number) => void;
  drag: (channel: Channel | undefined) => void;
}

/** A channel as a card that is as wide as its share, as far as the words in it allow. */
export function ChannelCard({ channel, share, ways, move, drag }: CardProps) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const format = useFormat();
  const mayChange = useMayChange();
  const { name, priority, weight } = channel;
  return (
    <Paper
      withBorder
      p="xs"
      miw={{ base: "100%", xs: 248 }}
      flex={`${Math.max(share * 100, 1)} 1 0`}
      data-channel={channel.id}
      draggable={mayChange}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", name);
        // A page that changes within the event ends the drag in some browsers.
        requestAnimationFrame(() => drag(channel));
      }}
      onDragEnd={() => drag(undefined)}
    >
      <Group gap={4} wrap="nowrap" justify="space-between">
        <Box miw={0}>
          <NameLink page="channels" id={channel.id} name={name} />
        </Box>
        {mayChange && <Steps channel={channel} ways={ways} move={move} />}
      </Group>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Tooltip label={t("board.share", { share: format.percent(share), priority })}>
          <Text fw={600} className="numbers">
            {format.percent(share)}
          </Text>
        </Tooltip>
        <Status state={stateOf(channel)} flex="none" />
      </Group>
      <Group gap="xs" mb={6} c="dimmed">
        <Text size="xs" className="numbers">
          {t("column.weight")} {format.number(weight)}
        </Text>
        {channel.maxConcurrent > 0 && (
          <Tooltip label={common("backend.loadHint")}>
            <Text size="xs" className="numbers">
              <Load running={channel.currentConcurrent} cap={channel.maxConcurrent} />
            </Text>
          </Tooltip>
        )}
      </Group>
      <Backends backends={channel.backends} />
    </Paper>
  );
}

function Steps({ channel, ways, move }: Omit<CardProps, "share" | "drag">) {
  const { t } = useTranslation("channels");
  const steps = [
    { icon: IconArrowUp, to: ways.higher, says: "board.higher" },
    { icon: IconArrowDown, to: ways.lower, says: "board.lower" },
  ] as const;
  return (
    <Group gap={0} wrap="nowrap">
      {steps.map(({ icon: Icon, to, says }) => {
        if (to === undefined) return null;
        const label = t(says, { priority: to });
        return (
          <Tooltip key={says} label={label}>
            <ActionIcon onClick={() => move(channel, to)} aria-label={`${channel.name}: ${label}`}>
              <Icon size={16} />
            </ActionIcon>
          </Tooltip>
        );
      })}
      <CardMenu channel={channel} ways={ways} move={move} />
    </Group>
  );
}

function Backends({ backends }: { backends: Backend[] }) {
  const { t } = useTranslation("channels");
  if (backends.length === 0) {
    return (
      <Text size="xs" c="dimmed">
        {t("board.noBackends")}
      </Text>
    );
  }
  return (
    <Stack gap={6}>
      {backends.slice(0, ROWS).map((backend) => (
        <BackendRow key={backend.id} backend={backend} />
      ))}
      {backends.length > ROWS && (
        <Text size="xs" c="dimmed">
          {t("board.moreBackends", { count: backends.length - ROWS })}
        </Text>
      )}
    </Stack>
  );
}

function BackendRow({ backend }: { backend: Backend }) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const count = backend.inventory?.models?.length;
  return (
    <div>
      <Group gap={4} wrap="nowrap" justify="space-between">
        <Text size="sm" truncate title={backend.baseUrl}>
          {hostOf(backend.baseUrl)}
        </Text>
        <Status state={stateOfBackend(backend)} size="sm" variant="transparent" px={0} flex="none" />
      </Group>
      <Group gap="xs" c="dimmed">
        <Tooltip label={common("backend.loadHint")}>
          <Text size="xs" className="numbers">
            <Load running={backend.currentConcurrent} cap={backend.maxConcurrent} />
          </Text>
        </Tooltip>
        <Text size="xs" className="numbers">
          {count === undefined ? common("backend.unknownModels") : t("board.models", { count })}
        </Text>
      </Group>
    </div>
  );
}
