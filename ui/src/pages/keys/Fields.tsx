import { Checkbox, Fieldset, NumberInput, Stack, TagsInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { Key } from "../../api/client";
import { MappingEditor } from "../../parts/MappingEditor";
import { useModelNames } from "../../parts/ModelPicker";
import { Forms } from "./Forms";
import { useReading } from "./queries";
import { Reading } from "./Reading";
import type { KeyValues } from "./values";

type Form = UseFormReturnType<KeyValues>;

interface FieldsProps {
  form: Form;
  before: Key | undefined;
}

const COUNT = { min: 0, allowDecimal: false, allowNegative: false, thousandSeparator: "," } as const;
const PAUSE_MS = 400;

export function Fields({ form, before }: FieldsProps) {
  const { t } = useTranslation("keys");
  return (
    <>
      <Fieldset legend={t("group.where")}>
        <Stack gap="sm">
          {before ? <Credential form={form} /> : <KeyLine form={form} />}
          <TextInput
            label={t("form.name")}
            description={t("form.nameHint")}
            {...form.getInputProps("name")}
          />
          <Checkbox label={t("form.enabled")} {...form.getInputProps("enabled", { type: "checkbox" })} />
        </Stack>
      </Fieldset>
      <Fieldset legend={t("group.what")}>
        <Models form={form} before={before} />
      </Fieldset>
      <Fieldset legend={t("group.share")}>
        <Stack gap="sm">
          <NumberInput
            label={t("column.priority")}
            description={t("form.priorityHint")}
            allowDecimal={false}
            {...form.getInputProps("priority")}
          />
          <NumberInput
            label={t("column.weight")}
            description={t("form.weightHint")}
            {...COUNT}
            {...form.getInputProps("weight")}
          />
          <NumberInput
            label={t("form.concurrent")}
            description={t("form.noLimit")}
            {...COUNT}
            {...form.getInputProps("maxConcurrent")}
          />
        </Stack>
      </Fieldset>
      <Fieldset legend={t("group.people")}>
        <Stack gap="sm">
          <TextInput label={t("form.group")} {...form.getInputProps("group")} />
          <TagsInput label={t("form.tags")} splitChars={[","]} {...form.getInputProps("tags")} />
        </Stack>
      </Fieldset>
    </>
  );
}

/** A key line with how it is read, while it is typed. */
function KeyLine({ form }: { form: Form }) {
  const { t } = useTranslation("keys");
  const { key, baseUrl } = form.values;
  const [[line, base]] = useDebouncedValue([key, baseUrl] as const, PAUSE_MS);
  const reading = useReading(line, base);
  return (
    <>
      <TextInput
        label={t("form.line")}
        description={t("form.lineHint")}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
        {...form.getInputProps("key")}
      />
      {line.trim() !== "" && reading.data && <Reading lines={reading.data.lines} isSingle />}
      <Forms />
      <Address form={form} hint={t("form.baseHint")} />
    </>
  );
}

/** The stored credential, masked, and where it goes. */
function Credential({ form }: { form: Form }) {
  const { t } = useTranslation("keys");
  return (
    <>
      <Address form={form} hint={t("form.moveHint")} />
      <TextInput
        label={t("form.key")}
        description={t("form.keyHint")}
        spellCheck={false}
        autoComplete="off"
        {...form.getInputProps("key")}
      />
    </>
  );
}

function Address({ form, hint }: { form: Form; hint: string }) {
  const { t } = useTranslation("keys");
  return (
    <TextInput
      label={t("form.base")}
      description={hint}
      inputMode="url"
      spellCheck={false}
      {...form.getInputProps("baseUrl")}
    />
  );
}

function Models({ form, before }: FieldsProps) {
  const { t } = useTranslation("keys");
  const known = before?.inventory?.models ?? [];
  const all = useModelNames();
  const models = known.length > 0 ? known : all;
  return (
    <Stack gap="sm">
      <TagsInput
        label={t("column.models")}
        description={t("form.modelsHint")}
        data={models}
        maxDropdownHeight={220}
        limit={100}
        splitChars={[",", " "]}
        {...form.getInputProps("models")}
      />
      <MappingEditor form={form} known={known} models={models} />
    </Stack>
  );
}
