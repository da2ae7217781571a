import { Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure, useHotkeys, useWindowEvent } from "@mantine/hooks";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { SEARCH_ID } from "../../parts/SearchField";
import { COMMAND_KEYS } from "./Commands";
import { PLACES } from "./places";

const OPEN = "o2o:shortcuts";
/** How long after `g` the letter of a page counts. */
const SECOND_KEY_MS = 1_500;

export function openShortcuts(): void {
  window.dispatchEvent(new Event(OPEN));
}

/** What keys do anywhere, and the list of them behind `?`. */
export function Shortcuts() {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const [opened, list] = useDisclosure(false);
  const wentAt = useRef(0);
  useWindowEvent(OPEN, list.open);
  useHotkeys([
    // Some keyboards have it without the shift key.
    ["shift + ?", list.open],
    ["?", list.open],
    ["/", () => document.getElementById(SEARCH_ID)?.focus()],
    ["g", () => (wentAt.current = Date.now()), { preventDefault: false }],
    ...PLACES.map(
      ({ name, key }) =>
        [
          key,
          () => Date.now() - wentAt.current < SECOND_KEY_MS && go(`/${name}`),
          { preventDefault: false },
        ] as [string, () => void, { preventDefault: boolean }],
    ),
  ]);
  const keys = [
    { keys: COMMAND_KEYS, does: t("keyboard.palette") },
    { keys: ["/"], does: t("keyboard.search") },
    { keys: ["?"], does: t("keyboard.help") },
    { keys: ["Esc"], does: t("keyboard.close") },
    ...PLACES.map(({ name, key }) => ({ keys: ["g", key], does: t(`nav.${name}`) })),
  ];
  return (
    <Modal
      opened={opened}
      onClose={list.close}
      title={t("shell.shortcuts")}
      closeButtonProps={{ "aria-label": t("do.close") }}
    >
      <Stack gap="xs">
        {keys.map(({ keys, does }) => (
          <Group key={does} justify="space-between">
            <Text size="sm">{does}</Text>
            <Group gap={4}>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
