import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import { api, data, ifMatch, type Key } from "../../api/client";
import { useChange } from "../../parts/useChange";

const STALE = [["keys"], ["models"]];

async function turn({ id, revision }: Key, enabled: boolean): Promise<Key> {
  const params = { path: { id }, header: ifMatch(revision) };
  return (await data(api.PUT("/admin/api/keys/{id}", { params, body: { enabled } }))).key;
}

/** Turns a key on or off. */
export function useTurn() {
  const { t } = useTranslation("keys");
  const { t: common } = useTranslation();
  return useChange<Key, { key: Key; enabled: boolean }>({
    call: ({ key, enabled }) => turn(key, enabled),
    stale: STALE,
    done: ({ enabled }) => (enabled ? t("do.enabled", { count: 1 }) : t("do.disabled", { count: 1 })),
    undo: (turned, { enabled }) => turn(turned, !enabled),
    onConflict: () =>
      notifications.show({ color: "orange", autoClose: 8_000, message: common("error.conflict") }),
  });
}

/** Asks one whether it answers. */
export function useCheck() {
  const { t } = useTranslation("keys");
  return useChange<Key, string>({
    call: async (id) =>
      (await data(api.POST("/admin/api/keys/{id}/check", { params: { path: { id } } }))).key,
    stale: STALE,
    isBad: ({ healthy }) => !healthy,
    done: ({ name, healthy, lastError }) =>
      healthy ? t("check.well", { name }) : t("check.ill", { name, error: lastError ?? "" }),
  });
}

export function useCheckAll() {
  const { t } = useTranslation("keys");
  return useChange({
    call: async () => (await data(api.POST("/admin/api/keys/check"))).summary,
    stale: STALE,
    isBad: ({ unhealthy }) => unhealthy > 0,
    done: ({ healthy, enabled }) => t("check.allDone", { well: healthy, of: enabled }),
  });
}

export function useReset() {
  const { t } = useTranslation("keys");
  return useChange<Key, string>({
    call: async (id) =>
      (await data(api.POST("/admin/api/keys/{id}/reset-health", { params: { path: { id } } }))).key,
    stale: STALE,
    done: ({ name }) => t("do.resetOneDone", { name }),
  });
}

export function useResetAll() {
  const { t } = useTranslation("keys");
  return useChange({
    call: () => data(api.POST("/admin/api/keys/reset-health")),
    stale: STALE,
    done: t("do.resetDone"),
  });
}

export function useDelete(onDone: () => void) {
  const { t: common } = useTranslation();
  return useChange<unknown, string>({
    call: (id) => data(api.DELETE("/admin/api/keys/{id}", { params: { path: { id } } })),
    // Not the key itself: it is gone.
    stale: [["keys", "list"], ["models"]],
    done: common("deleted"),
    onDone,
  });
}

export function useDeleteAll() {
  const { t } = useTranslation("keys");
  return useChange({
    call: () => data(api.DELETE("/admin/api/keys")),
    stale: STALE,
    done: t("do.allDeleted"),
  });
}
