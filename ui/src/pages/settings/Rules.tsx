import { Card, Select, SimpleGrid, Stack, Text, Textarea, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Setting } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { AddressTester } from "./AddressTester";
import { controlId } from "./Control";
import { effective, setDraft, useDrafts } from "./drafts";
import { RULES } from "./groups";
import { items, useShown } from "./values";

const MODES = ["disabled", "whitelist", "blacklist"] as const;
export type Mode = (typeof MODES)[number];

/** Which addresses may call: the mode, both lists, and a try of them before they are saved. */
export function Rules({ settings }: { settings: Setting[] }) {
  const { t } = useTranslation("settings");
  const { choice } = useShown();
  const mayChange = useMayChange();
  const { values, errors } = useDrafts();
  const [mode, white, black] = RULES.map((name) => settings.find((setting) => setting.name === name));
  if (!mode || !white || !black) return null;
  const chosen = MODES.find((one) => one === effective(mode, values)) ?? "disabled";
  const [whitelist, blacklist] = [items(effective(white, values)), items(effective(black, values))];
  return (
    <Stack gap="md">
      <div>
        <Title order={2} size="h3">
          {t("group.rules")}
        </Title>
        <Text size="sm" c="dimmed">
          {t("rules.purpose")}
        </Text>
      </div>
      <Card withBorder p="md">
        <Stack gap="sm">
          <Select
            id={controlId(mode.name)}
            label={t("rules.mode")}
            maw={280}
            data={MODES.map((mode) => ({ value: mode, label: choice(mode) }))}
            value={chosen}
            allowDeselect={false}
            readOnly={!mayChange}
            error={errors[mode.name]}
            onChange={(value) => setDraft(mode, value ?? "disabled")}
          />
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Lines setting={white} list="whitelist" mode={chosen} />
            <Lines setting={black} list="blacklist" mode={chosen} />
          </SimpleGrid>
          {chosen === "whitelist" && whitelist.length === 0 && (
            <Text size="sm" c="var(--mantine-color-error)" role="status">
              {t("rules.emptyList")}
            </Text>
          )}
        </Stack>
      </Card>
      <AddressTester rules={{ mode: chosen, whitelist, blacklist }} />
    </Stack>
  );
}

interface LinesProps {
  setting: Setting;
  list: "whitelist" | "blacklist";
  mode: Mode;
}

function Lines({ setting, list, mode }: LinesProps) {
  const { t } = useTranslation("settings");
  const mayChange = useMayChange();
  const { values, errors } = useDrafts();
  const draft = values[setting.name];
  return (
    <Textarea
      id={controlId(setting.name)}
      label={t(`rules.${list}`)}
      description={mode === list ? t("rules.lines") : `${t("rules.lines")}${t("gap")}${t("rules.idle")}`}
      autosize
      minRows={5}
      maxRows={16}
      spellCheck={false}
      readOnly={!mayChange}
      error={errors[setting.name]}
      value={draft ?? items(effective(setting, values)).join("\n")}
      onChange={(event) => setDraft(setting, event.currentTarget.value)}
    />
  );
}
