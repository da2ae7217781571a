import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, type Channel, data, ifMatch } from "../../api/client";
import { useChange } from "../../parts/useChange";
import type { useChannels } from "./queries";
import type { ChannelBody } from "./values";

type Listed = ReturnType<typeof useChannels>["data"];

const LIST = ["channels", "list"];
const STALE = [["channels"]];

/** Changes what is named of a channel, if it still is as it was read. */
export async function put(
  { id, revision }: Pick<Channel, "id" | "revision">,
  body: ChannelBody,
): Promise<Channel> {
  const params = { path: { id }, header: ifMatch(revision) };
  return (await data(api.PUT("/admin/api/channels/{id}", { params, body }))).channel;
}

/** Says that somebody else was faster, where no form is open that could show it. */
function useToldConflict() {
  const { t } = useTranslation();
  return () => notifications.show({ color: "orange", autoClose: 8_000, message: t("error.conflict") });
}

interface Move {
  channel: Channel;
  priority: number;
}

/** Gives a channel another priority; it stands there at once. */
export function useMove() {
  const { t } = useTranslation("channels");
  const client = useQueryClient();
  return useChange<Channel, Move>({
    call: async ({ channel, priority }) => {
      await client.cancelQueries({ queryKey: LIST });
      client.setQueryData<Listed>(LIST, (list) => {
        const moved = list?.channels.map((one) => (one.id === channel.id ? { ...one, priority } : one));
        return list && moved && { ...list, channels: moved };
      });
      try {
        return await put(channel, { priority });
      } catch (error) {
        await client.invalidateQueries({ queryKey: LIST });
        throw error;
      }
    },
    stale: STALE,
    done: ({ name, priority }) => t("board.moved", { name, priority }),
    undo: (moved, { channel }) => put(moved, { priority: channel.priority }),
    onConflict: useToldConflict(),
  });
}

/** Turns a channel on or off. */
export function useTurn() {
  const { t } = useTranslation("channels");
  return useChange<Channel, { channel: Channel; enabled: boolean }>({
    call: ({ channel, enabled }) => put(channel, { enabled }),
    stale: STALE,
    done: ({ enabled }) => (enabled ? t("do.enabled", { count: 1 }) : t("do.disabled", { count: 1 })),
    undo: (turned, { enabled }) => put(turned, { enabled: !enabled }),
    onConflict: useToldConflict(),
  });
}

/** Looks at the backends of one channel. */
export function useTest() {
  const { t } = useTranslation("channels");
  return useChange<Channel, string>({
    call: async (id) =>
      (await data(api.POST("/admin/api/channels/{id}/check", { params: { path: { id } } }))).channel,
    stale: STALE,
    done: ({ name, backends }) => {
      const well = backends.filter((backend) => backend.healthy).length;
      return t("test.done", { name, well, of: backends.length });
    },
  });
}

export function useTestAll() {
  const { t } = useTranslation("channels");
  return useChange({
    call: async () => (await data(api.POST("/admin/api/channels/check"))).results,
    stale: STALE,
    done: (results) => {
      const well = results.filter((result) => result.healthy).length;
      return t("test.allDone", { well, of: results.length });
    },
  });
}

/** Takes the backends of a channel for well again. */
export function useReset() {
  const { t } = useTranslation("channels");
  return useChange<Channel, string>({
    call: async (id) =>
      (await data(api.POST("/admin/api/channels/{id}/reset-health", { params: { path: { id } } }))).channel,
    stale: STALE,
    done: ({ name }) => t("do.resetDone", { name }),
  });
}

export function useResetAll() {
  const { t } = useTranslation("channels");
  return useChange({
    call: () => data(api.POST("/admin/api/channels/reset-health")),
    stale: STALE,
    done: t("do.resetAllDone"),
  });
}
