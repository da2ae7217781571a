import { ActionIcon, Badge, Box, Code, Group, SimpleGrid, Stack, Text, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconRotate } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Setting } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Control, controlId } from "./Control";
import { dropDraft, setDraft, useDrafts } from "./drafts";
import { useOrigin, useSettingTexts } from "./names";
import { useShown } from "./values";

/** One setting: what it is, where its value comes from, and the control. */
export function SettingRow({ setting }: { setting: Setting }) {
  const { t } = useTranslation("settings");
  const mayChange = useMayChange();
  const isOpen = mayChange && setting.changeable;
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="xs" px="md" py="sm">
      <About setting={setting} isOpen={isOpen} />
      {isOpen ? (
        <Group gap={4} wrap="nowrap" align="flex-start">
          <Box flex={1} miw={0}>
            <Control setting={setting} />
          </Box>
          <Back setting={setting} />
        </Group>
      ) : (
        <Stack gap={2} miw={0}>
          <Value setting={setting} />
          {!setting.changeable && (
            <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
              {t("restart", { env: setting.env })}
            </Text>
          )}
        </Stack>
      )}
    </SimpleGrid>
  );
}

function About({ setting, isOpen }: { setting: Setting; isOpen: boolean }) {
  const { t } = useTranslation("settings");
  const texts = useSettingTexts();
  return (
    <Stack gap={4} miw={0}>
      <Group gap="xs">
        <Text fw={500} {...(isOpen && { component: "label", htmlFor: controlId(setting.name) })}>
          {texts.label(setting)}
        </Text>
        <Code fz="xs" style={{ overflowWrap: "anywhere" }}>
          {setting.env}
        </Code>
      </Group>
      <Text size="sm" c="dimmed">
        {texts.help(setting)}
        {isOpen && t("gap")}
        {isOpen && <Range setting={setting} />}
      </Text>
      {setting.note && <Text size="sm">{setting.note}</Text>}
      <Source setting={setting} />
    </Stack>
  );
}

/** What the control takes, where it does not show that itself. */
function Range({ setting }: { setting: Setting }) {
  const { t } = useTranslation("settings");
  const texts = useSettingTexts();
  const { quantity, shown } = useShown();
  const { kind, min, max } = setting;
  if (kind === "text" || kind === "list") return t("format", { format: texts.format(setting) });
  if (min === undefined || max === undefined) return null;
  const small = kind === "bytes" ? "B" : "ms";
  const edge = (value: number) =>
    kind === "integer" ? shown(setting, String(value)) : quantity(setting, `${value}${small}`);
  return t(setting.zero ? "rangeOrZero" : "range", { min: edge(min), max: edge(max) });
}

function Source({ setting }: { setting: Setting }) {
  const { t } = useTranslation("settings");
  const origin = useOrigin();
  const { shown } = useShown();
  const { values } = useDrafts();
  const isDraft = values[setting.name] !== undefined;
  const isSaved = setting.origin === "saved";
  // What is saved over a default says so already, and a secret has none.
  const base = isSaved ? setting.configuredOrigin : setting.origin;
  const hasOther = base !== "default" && setting.kind !== "secret";
  const configured = { value: shown(setting, setting.configured), origin: origin(setting.configuredOrigin) };
  return (
    <Group gap={6}>
      <Badge
        tt="none"
        color={isDraft ? "orange" : isSaved ? "accent" : "gray"}
        maw="100%"
        title={t("origin.from", { origin: origin(setting.origin) })}
      >
        {isDraft ? t("origin.draft") : origin(setting.origin)}
      </Badge>
      {(isDraft || isSaved) && (
        <Text size="xs" c="dimmed" className="numbers" style={{ overflowWrap: "anywhere" }}>
          {isDraft
            ? t("origin.now", { value: shown(setting, setting.value) })
            : t("origin.configured", configured)}
        </Text>
      )}
      {hasOther && (
        <Text size="xs" c="dimmed" className="numbers" style={{ overflowWrap: "anywhere" }}>
          {t("origin.standard", { value: shown(setting, setting.default) })}
        </Text>
      )}
    </Group>
  );
}

function Value({ setting }: { setting: Setting }) {
  const { shown } = useShown();
  const isNone = setting.kind === "secret" ? !setting.isSet : setting.value === null;
  return (
    <Text size="sm" className="numbers" style={{ overflowWrap: "anywhere" }} {...(isNone && { c: "dimmed" })}>
      {shown(setting, setting.value)}
    </Text>
  );
}

/** Takes a change back; of what is saved, goes back to what is configured. Its place is kept. */
function Back({ setting }: { setting: Setting }) {
  const { t } = useTranslation("settings");
  const texts = useSettingTexts();
  const { values } = useDrafts();
  const isDraft = values[setting.name] !== undefined;
  if (!isDraft && setting.origin !== "saved") return <Box w={34} flex="none" />;
  const label = t(isDraft ? "revert" : "reset", { name: texts.label(setting) });
  return (
    <Tooltip label={label}>
      <ActionIcon
        size={34}
        flex="none"
        aria-label={label}
        onClick={() => (isDraft ? dropDraft(setting.name) : setDraft(setting, null))}
      >
        {isDraft ? <IconArrowBackUp size={18} /> : <IconRotate size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
