import { Checkbox, Fieldset, NumberInput, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { CountInput } from "../../parts/CountInput";
import { useFormat } from "../../parts/format";
import { MappingEditor } from "../../parts/MappingEditor";
import { Preview } from "./Preview";
import { weightsOf } from "./shares";
import type { ChannelValues } from "./values";

type Form = UseFormReturnType<ChannelValues>;

interface FieldsProps {
  form: Form;
  channel: Channel | undefined;
  channels: Channel[];
  /** Models of its own backends, as far as they are known. */
  known: string[];
  /** Models to choose from. */
  models: string[];
  onTested: (models: string[]) => void;
}

export function Fields({ form, channel, channels, known, models, onTested }: FieldsProps) {
  const { t } = useTranslation("channels");
  const keysHint = channel && channel.keys.length > 0 ? `${t("form.keysHint")} ${t("form.keysMasked")}` : "";
  return (
    <>
      <Fieldset legend={t("group.where")}>
        <Stack gap="sm">
          <TextInput
            label={t("form.name")}
            {...(!channel && { description: t("form.nameHint") })}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <TextInput
            label={t("form.base")}
            description={channel ? t("form.baseHint") : t("form.baseNew")}
            inputMode="url"
            spellCheck={false}
            {...form.getInputProps("baseUrl")}
          />
          <Textarea
            label={t("form.keys")}
            description={keysHint || t("form.keysHint")}
            autosize
            minRows={2}
            maxRows={8}
            spellCheck={false}
            autoComplete="off"
            {...form.getInputProps("keys")}
          />
          {!channel && <Preview values={form.values} onTested={onTested} />}
          <Checkbox label={t("form.enabled")} {...form.getInputProps("enabled", { type: "checkbox" })} />
        </Stack>
      </Fieldset>
      <Fieldset legend={t("group.what")}>
        <Stack gap="sm">
          <TagsInput
            label={t("form.models")}
            description={t("form.modelsHint")}
            data={models}
            limit={100}
            splitChars={[",", " "]}
            {...form.getInputProps("models")}
          />
          <Text size="xs" c="dimmed">
            {t("form.modelsSeen", { count: models.length })}
          </Text>
          <MappingEditor form={form} known={known} models={models} />
        </Stack>
      </Fieldset>
      <Fieldset legend={t("group.share")}>
        <Stack gap="sm">
          <NumberInput
            label={t("form.priority")}
            description={t("form.priorityHint")}
            allowDecimal={false}
            {...form.getInputProps("priority")}
          />
          <CountInput form={form} name="weight" label={t("form.weight")} description={t("form.weightHint")} />
          <ShareThen form={form} channel={channel} channels={channels} />
        </Stack>
      </Fieldset>
      <Fieldset legend={t("group.limits")}>
        <Stack gap="sm">
          <CountInput
            form={form}
            name="maxConcurrent"
            label={t("form.concurrent")}
            description={t("form.noLimit")}
          />
          <CountInput form={form} name="rateLimit" label={t("form.rate")} description={t("form.noLimit")} />
          <TagsInput
            label={t("form.tags")}
            description={t("form.tagsHint")}
            splitChars={[","]}
            {...form.getInputProps("tags")}
          />
        </Stack>
      </Fieldset>
    </>
  );
}

/** What the numbers that were typed would give. */
function ShareThen({ form, channel, channels }: Pick<FieldsProps, "form" | "channel" | "channels">) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  const priority = form.values.priority || 0;
  const weight = form.values.weight || 10;
  const others = channels.filter(
    (other) => other.id !== channel?.id && other.enabled && other.priority === priority,
  );
  const share = format.percent(weight / (weight + weightsOf(others)));
  return (
    <Text size="sm" c="dimmed" role="status">
      {others.length === 0
        ? t("form.shareAlone", { priority })
        : t("form.shareThen", { share, priority, count: others.length })}
    </Text>
  );
}
