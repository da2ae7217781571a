import { Group, NumberInput, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Setting } from "../../api/client";
import { effective, setDraft, useDrafts } from "./drafts";
import { useSettingTexts } from "./names";
import { items, parse, simplest, unitsOf, useShown } from "./values";

export const controlId = (name: string) => `setting-${name}`;

/** The control of a setting, by what kind of value it takes. */
export function Control({ setting }: { setting: Setting }) {
  const { values, errors } = useDrafts();
  const value = effective(setting, values);
  const props = {
    id: controlId(setting.name),
    error: errors[setting.name],
    value: value ?? "",
    onChange: (value: string) => setDraft(setting, value),
  };
  switch (setting.kind) {
    case "switch":
      return setting.unset ? <Choice setting={setting} {...props} /> : <OnOff {...props} />;
    case "choice":
      return <Choice setting={setting} {...props} />;
    case "integer":
      return (
        <NumberInput
          {...props}
          allowDecimal={false}
          thousandSeparator=","
          clampBehavior="none"
          {...(setting.min !== undefined && { min: setting.min })}
          {...(setting.max !== undefined && { max: setting.max })}
          onChange={(value) => props.onChange(String(value))}
        />
      );
    case "duration":
    case "bytes":
      return <Amount setting={setting} isDraft={values[setting.name] != null} {...props} />;
    case "list":
      return (
        <TagsInput
          {...props}
          value={items(value)}
          splitChars={[",", " "]}
          onChange={(entries) => props.onChange(entries.join(","))}
        />
      );
    default:
      return <TextInput {...props} onChange={(event) => props.onChange(event.currentTarget.value)} />;
  }
}

interface ControlProps {
  id: string;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

function OnOff({ id, value, error, onChange }: ControlProps) {
  const { t } = useTranslation("settings");
  return (
    <Switch
      id={id}
      checked={value === "true"}
      error={error}
      label={value === "true" ? t("value.on") : t("value.off")}
      onChange={(event) => onChange(String(event.currentTarget.checked))}
    />
  );
}

function Choice({ setting, ...props }: ControlProps & { setting: Setting }) {
  const { shown, choice } = useShown();
  const choices = setting.kind === "switch" ? ["true", "false"] : (setting.choices ?? []);
  const named = setting.kind === "switch" ? (value: string) => shown(setting, value) : choice;
  const unset = setting.unset ? [{ value: "", label: shown(setting, null) }] : [];
  return (
    <Select
      {...props}
      data={[...unset, ...choices.map((value) => ({ value, label: named(value) }))]}
      allowDeselect={false}
      comboboxProps={{ width: "max-content", position: "bottom-end" }}
      onChange={(value) => props.onChange(value ?? "")}
    />
  );
}

/** A number with its unit; what is written in another form stays a text. */
function Amount({ setting, isDraft, ...props }: ControlProps & { setting: Setting; isDraft: boolean }) {
  const { t } = useTranslation("settings");
  const texts = useSettingTexts();
  const { unit: named } = useShown();
  const parsed = parse(setting, props.value);
  if (!parsed)
    return <TextInput {...props} onChange={(event) => props.onChange(event.currentTarget.value)} />;
  // What is being typed keeps its unit.
  const { amount, unit } = isDraft ? parsed : simplest(setting, parsed);
  const units = [...new Set([...Object.keys(unitsOf(setting)), unit])];
  return (
    <Group gap={4} wrap="nowrap" align="flex-start">
      <NumberInput
        {...props}
        flex={1}
        value={amount}
        min={0}
        allowDecimal={false}
        thousandSeparator=","
        onChange={(value) => props.onChange(`${value}${unit}`)}
      />
      <Select
        w={92}
        flex="none"
        data={units.map((unit) => ({ value: unit, label: named(unit) }))}
        value={unit}
        allowDeselect={false}
        aria-label={t("unit.name", { name: texts.label(setting) })}
        onChange={(unit) => props.onChange(`${amount}${unit ?? ""}`)}
      />
    </Group>
  );
}
