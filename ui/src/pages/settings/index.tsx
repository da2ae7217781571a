import { Alert, Box, Button, Chip, Flex, Group, Skeleton, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Setting } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Page } from "../../parts/Page";
import { SideDrawer } from "../../parts/SideDrawer";
import { Empty, Failed } from "../../parts/states";
import { Toolbar } from "../../parts/Toolbar";
import { useDrawer, useFilters } from "../../parts/url";
import { Backup } from "./Backup";
import { countDrafts, useDrafts } from "./drafts";
import { GroupNav } from "./GroupNav";
import { groupsOf, slug } from "./groups";
import { Import } from "./Import";
import { useSettingTexts } from "./names";
import { type Settings as All, useSettings } from "./queries";
import { Review } from "./Review";
import { Rules } from "./Rules";
import { SaveBar } from "./SaveBar";
import { Found, GroupView } from "./SettingList";
import { useSaving } from "./saving";
import "./words";

export default function Settings() {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const settings = useSettings();
  useLeft();
  return (
    <Page title={common("nav.settings")} purpose={t("purpose")}>
      {settings.isPending && <Skeleton h={480} />}
      {settings.isError && !settings.data && <Failed error={settings.error} retry={settings.refetch} />}
      {settings.data && (
        <Loaded all={settings.data} refresh={settings.refetch} isRefreshing={settings.isRefetching} />
      )}
    </Page>
  );
}

/** Who leaves the page with changes is told that they are kept, and how to come back. */
function useLeft(): void {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const [, go] = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: told when the page goes, not when the language changes
  useEffect(
    () => () => {
      if (countDrafts() === 0) return;
      const back = () => {
        notifications.hide("settings-left");
        go("/settings");
      };
      notifications.show({
        id: "settings-left",
        autoClose: 8_000,
        color: "orange",
        closeButtonProps: { "aria-label": common("do.close") },
        message: (
          <Group justify="space-between">
            <Text size="sm">{t("left")}</Text>
            <Button size="compact-xs" variant="default" onClick={back}>
              {t("goBack")}
            </Button>
          </Group>
        ),
      });
    },
    [],
  );
}

/** The settings that search and filter admit; nothing when there is no filter. */
function useFound(settings: Setting[]): Setting[] | undefined {
  const texts = useSettingTexts();
  const { get } = useFilters();
  const { values } = useDrafts();
  const words = get("q").toLowerCase().split(/\s+/).filter(Boolean);
  const isChanged = get("changed") !== "";
  if (words.length === 0 && !isChanged) return undefined;
  return settings.filter((setting) => {
    const text = [setting.name, setting.env, texts.label(setting), texts.help(setting), setting.help]
      .join("\n")
      .toLowerCase();
    const differs = setting.origin !== "default" || values[setting.name] !== undefined;
    return (!isChanged || differs) && words.every((word) => text.includes(word));
  });
}

interface LoadedProps {
  all: All;
  refresh: () => unknown;
  isRefreshing: boolean;
}

function Loaded({ all, refresh, isRefreshing }: LoadedProps) {
  const { t } = useTranslation("settings");
  const mayChange = useMayChange();
  const { get, set } = useFilters();
  const { id, part, open } = useDrawer("settings");
  const found = useFound(all.settings);
  const place = id ?? slug(groupsOf(all.settings)[0] ?? "");
  const saving = useSaving({ settings: all.settings, go: open, place });
  const shown = found?.length ?? all.settings.length;
  return (
    <>
      <Toolbar
        placeholder={t("search")}
        shown={shown}
        total={all.settings.length}
        refresh={refresh}
        isRefreshing={isRefreshing}
      >
        <Chip
          checked={get("changed") !== ""}
          onChange={(isOn) => set({ changed: isOn ? "yes" : null })}
          title={t("changedHint")}
        >
          {t("changedOnly")}
        </Chip>
      </Toolbar>
      <Told all={all} />
      <Flex gap="md" direction={{ base: "column", md: "row" }} align={{ base: "stretch", md: "flex-start" }}>
        <GroupNav settings={all.settings} place={found ? undefined : place} />
        <Box flex={1} miw={0} maw={960}>
          {found ? <Found settings={found} /> : <Place place={place} all={all} />}
          {mayChange && <SaveBar isChecking={saving.check.isPending} review={() => saving.check.mutate()} />}
        </Box>
      </Flex>
      <SideDrawer
        opened={part === "review" && saving.checked !== undefined}
        title={t("review.title")}
        size={560}
        onClose={() => open(place)}
      >
        {saving.checked && (
          <Review
            settings={all.settings}
            checked={saving.checked}
            isLate={saving.isLate}
            isChecking={saving.check.isPending}
            isSaving={saving.save.isPending}
            check={() => saving.check.mutate()}
            save={() => saving.save.mutate(false)}
            onClose={() => open(place)}
          />
        )}
      </SideDrawer>
    </>
  );
}

/** What the address names: a group, or a view of its own. */
function Place({ place, all }: { place: string; all: All }) {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  if (place === "rules") return <Rules settings={all.settings} />;
  if ((place === "import" || place === "backup") && !mayChange)
    return <Empty title={common("error.forbidden")} />;
  if (place === "import") return <Import />;
  if (place === "backup") return <Backup />;
  const group = groupsOf(all.settings).find((group) => slug(group) === place);
  if (!group) return <Empty title={t("noGroup")} />;
  return <GroupView group={group} all={all} />;
}

/** What is wrong with what is saved. */
function Told({ all }: { all: All }) {
  const { t } = useTranslation("settings");
  const texts = useSettingTexts();
  if (all.ignored.length + all.warnings.length === 0) return null;
  return (
    <Stack gap="xs" mb="md">
      {all.ignored.map(({ name, message }) => (
        <Alert
          key={name}
          color="red"
          icon={<IconAlertTriangle />}
          title={t("ignored", { name: texts.label({ name }) })}
        >
          {message}
        </Alert>
      ))}
      {all.warnings.map((warning) => (
        <Alert key={warning} color="orange" icon={<IconAlertTriangle />}>
          {warning}
        </Alert>
      ))}
    </Stack>
  );
}
