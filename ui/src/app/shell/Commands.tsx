import { useMantineColorScheme } from "@mantine/core";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { IconLock, IconMoon, IconPlus, IconSearch, IconSun } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useMayChange } from "../../api/queries";
import { useFormat } from "../../parts/format";
import { PLACES } from "./places";
import { useFound } from "./useFound";

const [store, spotlight] = createSpotlight();

export const openCommands = spotlight.open;

/** The keys that open them, as the keyboards of this system have them. */
export const COMMAND_KEYS = [/Mac|iP(hone|ad|od)/.test(navigator.userAgent) ? "⌘" : "Ctrl", "K"];

const ICONS = Object.fromEntries(PLACES.map(({ name, icon: Icon }) => [name, <Icon key={name} size={18} />]));

/** The list of pages and commands, and of what is found by its name. */
export function Commands() {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const mayChange = useMayChange();
  const { setColorScheme } = useMantineColorScheme();
  const format = useFormat();
  const [typed, type] = useState("");
  const things = useFound(typed).map(({ page, id, name }) => ({
    id: `${page}-${id}`,
    label: name,
    description: t(`nav.${page}`),
    leftSection: ICONS[page],
    onClick: () => go(`/${page}/${encodeURIComponent(id)}`),
  }));
  const pages = PLACES.map(({ name, icon: Icon }) => ({
    id: name,
    label: t(`nav.${name}`),
    keywords: name,
    leftSection: <Icon size={18} />,
    onClick: () => go(`/${name}`),
  }));
  const makes = (["keys", "channels", "tokens"] as const).map((name) => ({
    id: `new-${name}`,
    label: format.pair(t(`nav.${name}`), t("do.add")),
    keywords: `new add create ${name}`,
    leftSection: <IconPlus size={18} />,
    onClick: () => go(`/${name}/new`),
  }));
  const themes = (["light", "dark"] as const).map((scheme) => ({
    id: scheme,
    label: format.pair(t("shell.theme"), t(`shell.${scheme}`)),
    leftSection: scheme === "light" ? <IconSun size={18} /> : <IconMoon size={18} />,
    onClick: () => setColorScheme(scheme),
  }));
  const account = {
    id: "account",
    label: t("shell.password"),
    leftSection: <IconLock size={18} />,
    onClick: () => go("/users/me"),
  };
  return (
    <Spotlight
      store={store}
      shortcut="mod + K"
      query={typed}
      onQueryChange={type}
      actions={[...pages, ...(mayChange ? makes : []), ...themes, account, ...things]}
      nothingFound={t("shell.nothingFound")}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: t("shell.commands"),
        "aria-label": t("shell.commands"),
      }}
      attributes={{ content: { "aria-label": t("shell.commands") } }}
      scrollable
      maxHeight={420}
    />
  );
}
