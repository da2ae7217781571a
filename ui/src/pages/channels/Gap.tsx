import { Center, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";

interface GapProps {
  dragged: Channel | undefined;
  /** What a channel gets that is dropped here; without one there is no room between the tiers. */
  priority: number | undefined;
  drop: (priority: number) => void;
}

/** The space between two tiers: a channel that is dropped here gets a priority of its own. */
export function Gap({ dragged, priority, drop }: GapProps) {
  const { t } = useTranslation("channels");
  const [isOver, setOver] = useState(false);
  if (!dragged || priority === undefined) return <Center h={24} />;
  return (
    <Center
      h={24}
      bg={isOver ? "var(--mantine-primary-color-light)" : undefined}
      bdrs="sm"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        drop(priority);
      }}
    >
      <Text size="xs" c="dimmed">
        {t("board.newTier", { priority })}
      </Text>
    </Center>
  );
}
