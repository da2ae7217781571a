import { Button, Group, Paper, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconCode, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { useChange } from "../../parts/useChange";
import { useDrop } from "../../parts/useDrop";
import { Access } from "./Access";
import { Composer } from "./Composer";
import { Conversation } from "./Conversation";
import { LARGEST, MOST, pictures, type Refusal } from "./pictures";
import { change, current, setDraft, type Turn, useTurns } from "./store";
import { clear, isBusy, stopAll } from "./talk";

/** The conversation with what is done to it; images can be dropped anywhere on it. */
export function Chat({
  models,
  onShowRequest,
}: {
  models: string[];
  onShowRequest: (reply?: string) => void;
}) {
  const { t } = useTranslation("playground");
  const turns = useTurns();
  const addFiles = useAddFiles();
  const { isOver, on } = useDrop(addFiles);
  const [sent, setSent] = useState(0);
  useHotkeys(
    [["Escape", stopAll, { preventDefault: false }]],
    isBusy(turns) ? [] : ["INPUT", "TEXTAREA", "SELECT"],
  );
  return (
    <Paper
      withBorder
      p="sm"
      flex={1}
      miw={0}
      mih={420}
      h={{ base: "calc(100dvh - 76px)", md: "calc(100dvh - 168px)" }}
      display="flex"
      style={{ flexDirection: "column", gap: "var(--mantine-spacing-xs)" }}
      bd={isOver ? "2px dashed var(--mantine-primary-color-filled)" : undefined}
      {...on}
    >
      <Group gap="xs" justify="space-between">
        {isOver ? (
          <Text size="xs">{t("compose.drop")}</Text>
        ) : (
          <Tools onShowRequest={() => onShowRequest()} />
        )}
      </Group>
      <Conversation models={models} sent={sent} onShowRequest={onShowRequest} />
      <Access />
      <Composer models={models} onFiles={addFiles} onSent={() => setSent((count) => count + 1)} />
    </Paper>
  );
}

function Tools({ onShowRequest }: { onShowRequest: () => void }) {
  const { t } = useTranslation("playground");
  const turns = useTurns();
  const clearing = useChange<Turn[]>({
    call: async () => clear(),
    stale: [],
    done: t("cleared"),
    undo: async (before) => change({ turns: [...before, ...current().turns] }),
  });
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconCode size={14} />} onClick={onShowRequest}>
        {t("showRequest")}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconTrash size={14} />}
        disabled={turns.length === 0}
        onClick={() => clearing.mutate()}
      >
        {t("clear")}
      </Button>
    </>
  );
}

/** Adds images to the message, and tells of those that cannot be sent. */
function useAddFiles(): (files: File[]) => Promise<void> {
  const { t } = useTranslation("playground");
  const { t: common } = useTranslation();
  const format = useFormat();
  const words = (refused: Refusal) => {
    if (refused.why === "tooMany") return t("compose.tooMany", { most: MOST });
    const { why, name } = refused;
    return t(`compose.${why}`, { name, most: format.bytes(LARGEST) });
  };
  return async (files) => {
    const { read, refused } = await pictures(files, current().draft.pictures.length);
    setDraft({ pictures: [...current().draft.pictures, ...read] });
    if (!refused) return;
    notifications.show({
      color: "red",
      message: words(refused),
      closeButtonProps: { "aria-label": common("do.close") },
    });
  };
}
