import { Button, Group, Text } from "@mantine/core";
import type { QueryKey } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { confirm } from "./confirm";
import { useChange } from "./useChange";

type Action = "enable" | "disable" | "delete";

interface BulkProps<T> {
  selected: T[];
  /** Is not called without any id. */
  call: (action: Action, ids: string[]) => Promise<unknown>;
  stale: QueryKey[];
  words: { enabled: string; disabled: string; deleted: string; deleteAsk: string; deleteHint: string };
  onDone: () => void;
}

/** What can be done with several things at once. */
export function Bulk<T extends { id: string; enabled: boolean }>(props: BulkProps<T>) {
  const { selected, stale, words, onDone } = props;
  const { t } = useTranslation();
  const act = async (action: Action, things: T[]) => {
    if (things.length > 0)
      await props.call(
        action,
        things.map(({ id }) => id),
      );
  };
  // What is undone is what was changed: those that were so before stay so.
  const enable = useChange<void, T[]>({
    call: () => act("enable", selected),
    stale,
    done: words.enabled,
    onDone,
    undo: (_, changed) => act("disable", changed),
  });
  const disable = useChange<void, T[]>({
    call: () => act("disable", selected),
    stale,
    done: words.disabled,
    onDone,
    undo: (_, changed) => act("enable", changed),
  });
  const remove = useChange({
    call: () => act("delete", selected),
    stale,
    done: words.deleted,
    onDone,
  });
  const ask = () =>
    confirm({
      title: words.deleteAsk,
      text: words.deleteHint,
      verb: t("do.delete"),
      onConfirm: () => remove.mutate(),
    });
  return (
    <Group gap="xs" mb="xs">
      <Text size="sm">{t("list.selected", { count: selected.length })}</Text>
      <Button
        size="xs"
        variant="default"
        onClick={() => enable.mutate(selected.filter((one) => !one.enabled))}
      >
        {t("do.enable")}
      </Button>
      <Button
        size="xs"
        variant="default"
        onClick={() => disable.mutate(selected.filter((one) => one.enabled))}
      >
        {t("do.disable")}
      </Button>
      <Button size="xs" variant="light" color="red" onClick={ask}>
        {t("do.delete")}
      </Button>
    </Group>
  );
}
