import { ActionIcon, Button, Group, Image, Paper, Stack, Text, Textarea, Tooltip } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Copy } from "../../parts/Copy";
import { isWrong } from "./settings";
import { type Turn, useSettings } from "./store";
import { resend } from "./talk";

/** What the user said, and saying it anew. */
export function UserTurn({ turn, models }: { turn: Turn; models: string[] }) {
  const { t } = useTranslation("playground");
  const [edited, setEdited] = useState<string | null>(null);
  return (
    <Paper bg="var(--mantine-color-default-hover)" p="sm" ml={{ base: 0, sm: "xl" }}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" gap="xs">
          <Text size="xs" c="dimmed" fw={500}>
            {t("you")}
          </Text>
          <Group gap={2} wrap="nowrap">
            {turn.text && <Copy text={turn.text} />}
            <Tooltip label={t("turn.edit")}>
              <ActionIcon aria-label={t("turn.edit")} onClick={() => setEdited(turn.text)}>
                <IconPencil size={16} />
              </ActionIcon>
            </Tooltip>
          </Group>
        </Group>
        {turn.pictures.length > 0 && (
          <Group gap="xs">
            {turn.pictures.map(({ id, name, url }) => (
              <Image
                key={id}
                src={url}
                alt={t("turn.image", { name })}
                mah={160}
                maw="100%"
                w="auto"
                radius="sm"
              />
            ))}
          </Group>
        )}
        {edited === null ? (
          <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {turn.text}
          </Text>
        ) : (
          <Edit
            text={edited}
            onChange={setEdited}
            onCancel={() => setEdited(null)}
            onSend={() => resend(turn.id, edited, models)}
            isEmpty={edited.trim() === "" && turn.pictures.length === 0}
          />
        )}
      </Stack>
    </Paper>
  );
}

interface EditProps {
  text: string;
  onChange: (text: string) => void;
  onCancel: () => void;
  onSend: () => void;
  isEmpty: boolean;
}

function Edit({ text, onChange, onCancel, onSend, isEmpty }: EditProps) {
  const { t } = useTranslation("playground");
  const { t: common } = useTranslation();
  const maySend = !isWrong(useSettings()) && !isEmpty;
  return (
    <Stack gap="xs">
      <Textarea
        autoFocus
        onFocus={({ currentTarget: { value }, currentTarget }) =>
          currentTarget.setSelectionRange(value.length, value.length)
        }
        aria-label={t("turn.edit")}
        description={t("turn.editHint")}
        value={text}
        autosize
        maxRows={12}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          if (maySend) onSend();
        }}
      />
      <Group gap="xs">
        <Button size="xs" onClick={onSend} disabled={!maySend}>
          {t("turn.again")}
        </Button>
        <Button size="xs" variant="default" onClick={onCancel}>
          {common("do.cancel")}
        </Button>
      </Group>
    </Stack>
  );
}
