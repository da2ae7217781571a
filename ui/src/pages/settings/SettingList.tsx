import { Anchor, Button, Card, Divider, Stack, Text, Title } from "@mantine/core";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Setting } from "../../api/client";
import { useFormat } from "../../parts/format";
import { Empty } from "../../parts/states";
import { useFilters } from "../../parts/url";
import { Caches } from "./Caches";
import { groupsOf, RULES } from "./groups";
import { useSettingTexts } from "./names";
import type { Settings as All } from "./queries";
import { SettingRow } from "./SettingRow";

function Rows({ settings }: { settings: Setting[] }) {
  return (
    <Card withBorder p={0}>
      {settings.map((setting, index) => (
        <Fragment key={setting.name}>
          {index > 0 && <Divider />}
          <SettingRow setting={setting} />
        </Fragment>
      ))}
    </Card>
  );
}

/** The settings of one group, and what belongs beside them. */
export function GroupView({ group, all }: { group: string; all: All }) {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const texts = useSettingTexts();
  const count = (limit: All["rateLimiter"]["ip"]) =>
    format.number(limit === "disabled" ? 0 : limit.activeKeys);
  const active = { ips: count(all.rateLimiter.ip), tokens: count(all.rateLimiter.token) };
  return (
    <Stack gap="md">
      <Title order={2} size="h3">
        {texts.group(group)}
      </Title>
      {group === "Access" && (
        <Stack gap={4} align="flex-start">
          <Anchor component={Link} href="/settings/rules" size="sm">
            {t("rulesLink")}
          </Anchor>
          <Anchor component={Link} href="/users/me" size="sm">
            {t("passwordLink")}
          </Anchor>
        </Stack>
      )}
      {group === "Limits" && (
        <Text size="sm" c="dimmed" className="numbers">
          {t("active", active)}
        </Text>
      )}
      {group === "Cache" && <Caches />}
      <Rows
        settings={all.settings.filter((setting) => setting.group === group && !RULES.includes(setting.name))}
      />
    </Stack>
  );
}

/** What was found in all groups. */
export function Found({ settings }: { settings: Setting[] }) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  const { clear } = useFilters();
  if (settings.length === 0) {
    const action = (
      <Button variant="default" size="xs" onClick={clear}>
        {t("list.clearFilters")}
      </Button>
    );
    return <Empty title={t("list.noMatch")} hint={t("list.noMatchHint")} action={action} />;
  }
  return (
    <Stack gap="md">
      {groupsOf(settings).map((group) => (
        <Fragment key={group}>
          <Title order={2} size="h4">
            {texts.group(group)}
          </Title>
          <Rows settings={settings.filter((setting) => setting.group === group)} />
        </Fragment>
      ))}
    </Stack>
  );
}
