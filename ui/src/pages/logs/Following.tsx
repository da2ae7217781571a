import { Badge, Button, Group, Text } from "@mantine/core";
import {
  IconCircleDot,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlugConnectedX,
  IconProgress,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { TailState, useTail } from "./useTail";

const LOOKS: Record<TailState | "paused", { icon: typeof IconProgress; color: string }> = {
  connecting: { icon: IconProgress, color: "gray" },
  following: { icon: IconCircleDot, color: "teal" },
  lost: { icon: IconPlugConnectedX, color: "orange" },
  paused: { icon: IconPlayerPause, color: "gray" },
};

interface FollowingProps {
  tail: ReturnType<typeof useTail>;
  isPaused: boolean;
  pause: (isPaused: boolean) => void;
}

/** How the live list stands: whether it follows, what came while it was paused, what was missed. */
export function Following({ tail, isPaused, pause }: FollowingProps) {
  const { t } = useTranslation("logs");
  const state = isPaused && tail.state === "following" ? "paused" : tail.state;
  const { icon: Icon, color } = LOOKS[state];
  const PauseIcon = isPaused ? IconPlayerPlay : IconPlayerPause;
  return (
    <Group gap="xs" mb="xs" mih={30}>
      <Badge color={color} tt="none" leftSection={<Icon size={14} aria-hidden />} role="status">
        {t(`live.${state}`)}
      </Badge>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<PauseIcon size={14} />}
        onClick={() => pause(!isPaused)}
      >
        {isPaused ? t("live.resume") : t("live.pause")}
      </Button>
      {isPaused && (
        <Text size="sm" className="numbers" role="status">
          {t("live.waiting", { count: tail.waiting })}
        </Text>
      )}
      {tail.dropped > 0 && (
        <Text size="sm" role="status">
          {t("live.dropped", { count: tail.dropped })}
        </Text>
      )}
    </Group>
  );
}
