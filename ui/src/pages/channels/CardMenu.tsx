import { ActionIcon, Menu } from "@mantine/core";
import { IconAdjustments, IconDots, IconInfoCircle, IconPower } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { useDrawer } from "../../parts/url";
import type { Ways } from "./Board";
import { useTurn } from "./changes";

interface CardMenuProps {
  channel: Channel;
  ways: Ways;
  move: (channel: Channel, priority: number) => void;
}

/** What can be done with a card, for those who do not drag. */
export function CardMenu({ channel, ways, move }: CardMenuProps) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const { open } = useDrawer("channels");
  const turn = useTurn();
  const { id, name, enabled } = channel;
  const places = (["top", "higher", "lower", "bottom"] as const).flatMap((way) => {
    const priority = ways[way];
    return priority === undefined ? [] : [{ way, priority }];
  });
  // One step may lead above or below all.
  const others = places.filter(
    ({ priority }, at) => places.findIndex((place) => place.priority === priority) === at,
  );
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon aria-label={t("board.menu", { name })}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconInfoCircle size={16} />} onClick={() => open(id)}>
          {t("board.details")}
        </Menu.Item>
        <Menu.Item leftSection={<IconAdjustments size={16} />} onClick={() => open(id, "share")}>
          {t("board.weight")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPower size={16} />}
          onClick={() => turn.mutate({ channel, enabled: !enabled })}
        >
          {enabled ? common("do.disable") : common("do.enable")}
        </Menu.Item>
        {others.length > 0 && <Menu.Divider />}
        {others.map(({ way, priority }) => (
          <Menu.Item key={way} onClick={() => move(channel, priority)}>
            {t(`board.${way}`, { priority })}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
