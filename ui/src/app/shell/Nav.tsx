import {
  AppShell,
  Box,
  CloseButton,
  Divider,
  Group,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  useMatches,
} from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useMe } from "../../api/queries";
import { useFormat } from "../../parts/format";
import { LAST_OF_OPERATION, PLACES } from "./places";

/** The side bar; icons alone between the widths of a telephone and of a desktop. */
export function Nav({ onGo }: { onGo: () => void }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const isNarrow = useMatches({ base: false, sm: true, lg: false });
  return (
    <>
      <AppShell.Section p="sm">
        <Group gap="xs" px={6} wrap="nowrap">
          <IconLogo />
          {!isNarrow && <Text fw={600}>ollama2openai</Text>}
          {/* On a phone it covers the button that has opened it. */}
          <CloseButton hiddenFrom="sm" ml="auto" onClick={onGo} aria-label={t("do.close")} />
        </Group>
      </AppShell.Section>
      <AppShell.Section grow component={ScrollArea} px="xs">
        <nav aria-label={t("shell.menu")}>
          {PLACES.map(({ name, icon: Icon }) => (
            <Fragment key={name}>
              <Tooltip label={t(`nav.${name}`)} position="right" disabled={!isNarrow}>
                <NavLink
                  component={Link}
                  href={`/${name}`}
                  onClick={onGo}
                  active={path === `/${name}` || path.startsWith(`/${name}/`)}
                  aria-current={path.startsWith(`/${name}`) ? "page" : undefined}
                  aria-label={t(`nav.${name}`)}
                  leftSection={<Icon size={18} stroke={1.6} />}
                  label={isNarrow ? undefined : t(`nav.${name}`)}
                  noWrap
                />
              </Tooltip>
              {name === LAST_OF_OPERATION && <Divider my="xs" />}
            </Fragment>
          ))}
        </nav>
      </AppShell.Section>
      <AppShell.Section p="sm">
        <Foot isNarrow={isNarrow} />
      </AppShell.Section>
    </>
  );
}

function IconLogo() {
  return (
    <Box component="svg" viewBox="0 0 32 32" w={24} h={24} aria-hidden flex="none">
      <rect width="32" height="32" rx="8" fill="var(--mantine-color-accent-6)" />
      <path
        d="M9 10a6 6 0 1 0 0 12M23 10a6 6 0 1 1 0 12M11 16h10"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
      />
    </Box>
  );
}

/** The version of the gateway, and whether it answers. */
function Foot({ isNarrow }: { isNarrow: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const version = me.data?.version;
  if (me.isError || !version) return null;
  return (
    <Tooltip label={format.pair(t("shell.version", { version }), t("shell.healthy"))} position="right">
      <Group gap={6} wrap="nowrap" px={6} tabIndex={0}>
        <IconCircleCheck size={16} color="var(--mantine-color-teal-6)" aria-hidden />
        {!isNarrow && (
          <Text size="xs" c="dimmed">
            v{version} · {t("shell.healthy")}
          </Text>
        )}
      </Group>
    </Tooltip>
  );
}
