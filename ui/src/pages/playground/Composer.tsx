import {
  ActionIcon,
  Box,
  Button,
  CloseButton,
  FileButton,
  Group,
  Image,
  Stack,
  Text,
  Textarea,
  Tooltip,
} from "@mantine/core";
import { IconPhoto, IconPlayerStop, IconSend } from "@tabler/icons-react";
import { type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useAccess } from "./Access";
import { TYPES } from "./pictures";
import { isWrong } from "./settings";
import { setDraft, useDraft, useSettings, useTurns } from "./store";
import { isBusy, send, stopAll } from "./talk";

interface ComposerProps {
  models: string[];
  onFiles: (files: File[]) => void;
  onSent: () => void;
}

/** The message to be sent, with its images. */
export function Composer({ models, onFiles, onSent }: ComposerProps) {
  const { t } = useTranslation("playground");
  const { text, pictures } = useDraft();
  const busy = isBusy(useTurns());
  const wrong = isWrong(useSettings());
  const isRefused = useAccess().data?.isRefused ?? false;
  const input = useRef<HTMLTextAreaElement>(null);
  const isEmpty = text.trim() === "" && pictures.length === 0;
  const maySend = !isEmpty && !busy && !wrong && !isRefused && models.every(Boolean);
  const submit = () => {
    if (!maySend) return;
    send(text, pictures, models);
    setDraft({ text: "", pictures: [] });
    onSent();
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends a word of an input method sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <Stack gap={6}>
      <Chosen />
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <AddImages onFiles={onFiles} />
        <Textarea
          ref={input}
          flex={1}
          autosize
          minRows={1}
          maxRows={8}
          aria-label={t("compose.label")}
          placeholder={t("compose.placeholder")}
          value={text}
          onChange={(event) => setDraft({ text: event.currentTarget.value })}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length === 0) return;
            event.preventDefault();
            onFiles(files);
          }}
        />
        {busy ? (
          <Button
            variant="default"
            leftSection={<IconPlayerStop size={16} />}
            onClick={() => {
              stopAll();
              input.current?.focus();
            }}
          >
            {t("compose.stop")}
          </Button>
        ) : (
          <Button leftSection={<IconSend size={16} />} onClick={submit} disabled={!maySend}>
            {t("compose.send")}
          </Button>
        )}
      </Group>
      <Text
        size="xs"
        c={wrong ? "var(--mantine-color-error)" : "dimmed"}
        role={wrong ? "alert" : undefined}
        visibleFrom={wrong ? undefined : "sm"}
      >
        {wrong ? t("settings.mend") : t("compose.keys")}
      </Text>
    </Stack>
  );
}

function AddImages({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation("playground");
  const reset = useRef<() => void>(null);
  const onChange = (files: File[]) => {
    onFiles(files);
    // So that the same file can be chosen once more.
    reset.current?.();
  };
  return (
    <FileButton multiple accept={TYPES.join(",")} onChange={onChange} resetRef={reset}>
      {(props) => (
        <Tooltip label={t("compose.add")}>
          <ActionIcon {...props} size={36} aria-label={t("compose.add")}>
            <IconPhoto size={20} />
          </ActionIcon>
        </Tooltip>
      )}
    </FileButton>
  );
}

/** The images that go with the message. */
function Chosen() {
  const { t } = useTranslation("playground");
  const { pictures } = useDraft();
  if (pictures.length === 0) return null;
  return (
    <Group gap="xs">
      {pictures.map(({ id, name, url }) => (
        <Box key={id} pos="relative">
          <Image src={url} alt={t("turn.image", { name })} h={64} w={64} fit="cover" radius="sm" />
          <Box pos="absolute" top={2} right={2}>
            <CloseButton
              size="xs"
              variant="default"
              aria-label={t("compose.remove", { name })}
              onClick={() => setDraft({ pictures: pictures.filter((picture) => picture.id !== id) })}
            />
          </Box>
        </Box>
      ))}
    </Group>
  );
}
