import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import i18next from "../i18n";

interface Question {
  /** What is asked already is not asked a second time. */
  id?: string;
  title: string;
  /** What is lost. */
  text: string;
  /** What the button does, as a verb. */
  verb: string;
  onConfirm: () => unknown;
}

/** Of a button that destroys: white text on it keeps WCAG AA. */
const DESTROYS = "red.9";

const closing = () => ({ closeButtonProps: { "aria-label": i18next.t("do.close") } });

/** Asks before something is destroyed; nothing else is asked about. */
export function confirm({ id, title, text, verb, onConfirm }: Question): void {
  modals.openConfirmModal({
    ...(id && { modalId: id }),
    title,
    children: <Text size="sm">{text}</Text>,
    labels: { confirm: verb, cancel: i18next.t("do.cancel") },
    confirmProps: { color: DESTROYS },
    ...closing(),
    onConfirm: () => void onConfirm(),
  });
}

/** Asks before very much is destroyed: `typed` must be typed first. */
export function confirmTyped(question: Question & { typed: string }): void {
  const id = modals.open({
    title: question.title,
    ...closing(),
    children: <Typed {...question} onClose={() => modals.close(id)} />,
  });
}

function Typed({ text, verb, typed, onConfirm, onClose }: Question & { typed: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [value, setValue] = useState("");
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (value.trim() !== typed) return setWrong(true);
        onClose();
        onConfirm();
      }}
    >
      <Stack>
        <Text size="sm">{text}</Text>
        <TextInput
          label={t("typeToConfirm", { typed })}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          error={isWrong && value.trim() !== typed && t("typeMismatch")}
          autoComplete="off"
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("do.cancel")}
          </Button>
          <Button type="submit" color={DESTROYS}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
