import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import i18next from "../i18n";

interface Question {
  title: string;
  /** What is lost. */
  text: string;
  /** What the button does, as a verb. */
  verb: string;
  onConfirm: () => unknown;
}

/** Asks before something is destroyed; nothing else is asked about. */
export function confirm({ title, text, verb, onConfirm }: Question): void {
  modals.openConfirmModal({
    title,
    children: <Text size="sm">{text}</Text>,
    labels: { confirm: verb, cancel: i18next.t("do.cancel") },
    confirmProps: { color: "red" },
    onConfirm: () => void onConfirm(),
  });
}
