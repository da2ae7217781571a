import { ActionIcon, AppShell, Box, Burger, Button, Group, Kbd, useMatches } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AccountMenu } from "./AccountMenu";
import { Banner } from "./Banner";
import { COMMAND_KEYS, Commands, openCommands } from "./Commands";
import { LanguageMenu } from "./LanguageMenu";
import { Nav } from "./Nav";
import { SessionOver } from "./SessionOver";
import { Shortcuts } from "./Shortcuts";
import { ThemeMenu } from "./ThemeMenu";

/** Side bar, top bar, banner and the page. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [opened, nav] = useDisclosure(false);
  // Out of sight there until it is opened, and then out of reach of the keyboard too.
  const isPhone = useMatches({ base: true, sm: false });
  return (
    <AppShell
      layout="alt"
      header={{ height: 52 }}
      navbar={{ width: { base: 220, sm: 64, lg: 220 }, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", md: "lg" }}
    >
      <Button component="a" href="#page" className="skip" variant="default">
        {t("shell.skip")}
      </Button>
      <AppShell.Header>
        <Group h="100%" px="md" gap="xs" wrap="nowrap">
          <Burger
            opened={opened}
            onClick={nav.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={t("shell.menu")}
          />
          <Box flex={1} />
          <Button
            variant="default"
            size="xs"
            leftSection={<IconSearch size={14} />}
            rightSection={<Kbd size="xs">{COMMAND_KEYS.join(" ")}</Kbd>}
            onClick={openCommands}
            visibleFrom="xs"
          >
            {t("shell.search")}
          </Button>
          <ActionIcon onClick={openCommands} hiddenFrom="xs" size="lg" aria-label={t("shell.search")}>
            <IconSearch size={18} />
          </ActionIcon>
          <LanguageMenu />
          <ThemeMenu />
          <AccountMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar inert={isPhone && !opened}>
        <Nav onGo={nav.close} />
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1}>
        <Banner />
        {children}
      </AppShell.Main>
      <Commands />
      <Shortcuts />
      <SessionOver />
    </AppShell>
  );
}
