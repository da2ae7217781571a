import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { api, type Channel, data } from "../../api/client";
import { confirm } from "../../parts/confirm";
import { useChange } from "../../parts/useChange";

type Action = "enable" | "disable" | "delete";

/** Nothing is asked of the gateway for no channel. */
async function act(action: Action, channels: Channel[]): Promise<void> {
  const ids = channels.map((channel) => channel.id);
  if (ids.length > 0) await data(api.POST("/admin/api/channels/bulk", { body: { ids, action } }));
}

/** What can be done with several at once. */
export function Bulk({ selected, onDone }: { selected: Channel[]; onDone: () => void }) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const count = selected.length;
  const stale = [["channels"]];
  // What is undone is what was changed: those that were so before stay so.
  const off = selected.filter((channel) => !channel.enabled);
  const on = selected.filter((channel) => channel.enabled);
  const enable = useChange<void, Channel[]>({
    call: () => act("enable", selected),
    stale,
    done: t("do.enabled", { count }),
    onDone,
    undo: (_, changed) => act("disable", changed),
  });
  const disable = useChange<void, Channel[]>({
    call: () => act("disable", selected),
    stale,
    done: t("do.disabled", { count }),
    onDone,
    undo: (_, changed) => act("enable", changed),
  });
  const remove = useChange({
    call: () => act("delete", selected),
    stale: [["channels", "list"]],
    done: t("do.deleted", { count }),
    onDone,
  });
  const ask = () =>
    confirm({
      title: t("do.deleteMany", { count }),
      text: t("do.deleteHint"),
      verb: common("do.delete"),
      onConfirm: () => remove.mutate(),
    });
  return (
    <Group gap="xs" mb="xs">
      <Text size="sm">{common("list.selected", { count })}</Text>
      <Button size="xs" variant="default" onClick={() => enable.mutate(off)}>
        {common("do.enable")}
      </Button>
      <Button size="xs" variant="default" onClick={() => disable.mutate(on)}>
        {common("do.disable")}
      </Button>
      <Button size="xs" variant="light" color="red" onClick={ask}>
        {common("do.delete")}
      </Button>
    </Group>
  );
}
