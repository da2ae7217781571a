import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconKeyboard, IconLock, IconLogout } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { api, data } from "../../api/client";
import { queries, setKnown, useMe } from "../../api/queries";
import { openShortcuts } from "./Shortcuts";

/** Ends this session, or all of the account. */
async function signOut(everywhere: boolean, id: string): Promise<void> {
  if (everywhere) await api.DELETE("/admin/api/users/{id}/sessions", { params: { path: { id } } });
  await data(api.POST("/admin/logout"));
  setKnown(false);
  // Told before the rest is forgotten, and never removed: who looks at it would not hear of it any more.
  queries.setQueryData(["me"], null);
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "me" });
}

export function AccountMenu() {
  const { t } = useTranslation();
  const me = useMe().data;
  const [, go] = useLocation();
  if (!me) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" size="xs" rightSection={<IconChevronDown size={14} />}>
          {me.user.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("shell.signedInAs", { name: me.user.name, role: t(`role.${me.role}`) })}</Menu.Label>
        <Menu.Item leftSection={<IconLock size={16} />} onClick={() => go("/users/me")}>
          {t("shell.password")}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={openShortcuts}>
          {t("shell.shortcuts")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut(false, me.user.id)}>
          {t("shell.signOut")}
        </Menu.Item>
        {me.role === "admin" && (
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut(true, me.user.id)}>
            {t("shell.signOutAll")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
