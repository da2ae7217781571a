import {
  Fieldset,
  NumberInput,
  type NumberInputProps,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  Text,
  Textarea,
} from "@mantine/core";
import { useTranslation } from "react-i18next";
import { JsonField } from "./JsonField";
import {
  EFFORTS,
  EXAMPLE_SCHEMA,
  EXAMPLE_TOOLS,
  FORMATS,
  type Settings,
  wrongSchema,
  wrongTools,
} from "./settings";
import { setSettings, useSettings } from "./store";

/** What is asked beside the messages. */
export function SettingsPanel() {
  const { t } = useTranslation("playground");
  const settings = useSettings();
  return (
    <Stack gap="md">
      <Textarea
        label={t("settings.system")}
        value={settings.system}
        onChange={(event) => setSettings({ system: event.currentTarget.value })}
        autosize
        minRows={2}
        maxRows={10}
      />
      <Sampling settings={settings} />
      <JsonField
        label={t("settings.tools")}
        hint={t("settings.toolsHint")}
        value={settings.tools}
        onChange={(tools) => setSettings({ tools })}
        wrong={wrongTools(settings.tools)}
        example={EXAMPLE_TOOLS}
      />
      <Select
        label={t("settings.format")}
        data={FORMATS.map((format) => ({ value: format, label: t(`settings.formats.${format}`) }))}
        value={settings.format}
        onChange={(format) => setSettings({ format: format ?? "text" })}
        allowDeselect={false}
      />
      {settings.format === "json_schema" && (
        <JsonField
          label={t("settings.schema")}
          value={settings.schema}
          onChange={(schema) => setSettings({ schema })}
          wrong={wrongSchema(settings)}
          example={EXAMPLE_SCHEMA}
        />
      )}
      <Switch
        label={t("settings.stream")}
        description={t("settings.streamHint")}
        checked={settings.stream}
        onChange={(event) => setSettings({ stream: event.currentTarget.checked })}
      />
    </Stack>
  );
}

function Sampling({ settings }: { settings: Settings }) {
  const { t } = useTranslation("playground");
  return (
    <Fieldset
      legend={
        <Text size="sm" fw={500} mb={4}>
          {t("settings.sampling")}
        </Text>
      }
      variant="unstyled"
      p={0}
      m={0}
    >
      <SimpleGrid cols={2} spacing="xs">
        <Amount name="temperature" settings={settings} min={0} max={2} step={0.1} />
        <Amount name="topP" settings={settings} min={0} max={1} step={0.05} />
        <Amount name="maxTokens" settings={settings} min={1} allowDecimal={false} />
        <Amount name="seed" settings={settings} allowDecimal={false} />
      </SimpleGrid>
      <TagsInput
        mt="xs"
        label={t("settings.stop")}
        description={t("settings.stopHint")}
        value={settings.stop}
        onChange={(stop) => setSettings({ stop })}
        maxTags={4}
        splitChars={[]}
      />
      <Select
        mt="xs"
        label={t("settings.effort")}
        description={t("settings.effortHint")}
        data={EFFORTS.map((effort) => ({ value: effort, label: t(`settings.efforts.${effort}`) }))}
        value={settings.effort || null}
        onChange={(effort) => setSettings({ effort: effort ?? "" })}
        placeholder={t("settings.byModel")}
        clearable
      />
    </Fieldset>
  );
}

interface AmountProps extends NumberInputProps {
  name: "temperature" | "topP" | "maxTokens" | "seed";
  settings: Settings;
}

function Amount({ name, settings, ...rest }: AmountProps) {
  const { t } = useTranslation("playground");
  return (
    <NumberInput
      {...rest}
      label={t(`settings.${name}`)}
      value={settings[name]}
      // A number that is not finished, as "-", is none yet.
      onChange={(value) => setSettings({ [name]: typeof value === "number" ? value : "" })}
      placeholder="–"
      clampBehavior="strict"
    />
  );
}
