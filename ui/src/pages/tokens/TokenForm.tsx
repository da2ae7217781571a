import { Checkbox, Fieldset, NumberInput, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, ifMatch, type Token } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { useChange } from "../../parts/useChange";
import { useMeaning } from "./meaning";
import { type TokenValues, toBody, toValues } from "./values";

interface TokenFormProps {
  /** Without one, a token is made. */
  token?: Token;
  onClose: () => void;
  onMade?: (token: Token) => void;
}

interface Save {
  values: TokenValues;
  /** Which revision is changed; without one, whatever is there. */
  revision?: number;
}

/** Makes or changes a token: who, what and how much, where and how long. */
export function TokenForm({ token, onClose, onMade }: TokenFormProps) {
  const { t } = useTranslation("tokens");
  const { t: common } = useTranslation();
  const form = useForm<TokenValues>({ initialValues: toValues(token) });
  const [inConflict, setConflict] = useState<TokenValues>();
  const save = useChange({
    call: async ({ values, revision }: Save) => {
      const body = toBody(values, token);
      const header = revision === undefined ? {} : ifMatch(revision);
      const params = { path: { id: token?.id ?? "" }, header };
      const call = token
        ? api.PUT("/admin/api/tokens/{id}", { params, body })
        : api.POST("/admin/api/tokens", { body });
      return (await data(call)).token;
    },
    stale: [["tokens"]],
    form,
    ...(token && { done: common("saved") }),
    onDone: (made) => {
      form.resetDirty();
      if (token) onClose();
      else onMade?.(made);
    },
    onConflict: (_, { values }) => setConflict(values),
  });
  const conflict = inConflict && {
    takeTheirs: onClose,
    saveMine: () => save.mutate({ values: inConflict }),
  };
  return (
    <FormFrame
      form={form}
      onSubmit={(values) => save.mutate({ values, ...(token && { revision: token.revision }) })}
      onCancel={onClose}
      isSaving={save.isPending}
      verb={token ? t("form.save") : t("form.create")}
      conflict={conflict}
    >
      <Fields form={form} />
    </FormFrame>
  );
}

function Fields({ form }: { form: ReturnType<typeof useForm<TokenValues>> }) {
  const { t } = useTranslation("tokens");
  const meaning = useMeaning();
  const count = { min: 0, allowDecimal: false, allowNegative: false, thousandSeparator: "," } as const;
  return (
    <>
      <Fieldset legend={t("group.who")}>
        <Stack gap="sm">
          <TextInput
            label={t("form.name")}
            description={t("form.nameHint")}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <Textarea label={t("form.note")} autosize minRows={1} maxRows={4} {...form.getInputProps("note")} />
        </Stack>
      </Fieldset>
      <Fieldset legend={t("group.what")}>
        <Stack gap="sm">
          <TagsInput
            label={t("form.models")}
            description={t("form.modelsHint")}
            splitChars={[",", " "]}
            {...form.getInputProps("allowedModels")}
          />
          <NumberInput
            label={t("form.quota")}
            description={t("form.quotaHint")}
            {...count}
            {...form.getInputProps("quotaLimit")}
          />
          <NumberInput
            label={t("form.rate")}
            description={t("form.rateHint")}
            {...count}
            {...form.getInputProps("rateLimit")}
          />
          <NumberInput
            label={t("form.tpm")}
            description={t("form.noLimit")}
            {...count}
            {...form.getInputProps("tokensPerMinute")}
          />
          <NumberInput
            label={t("form.concurrent")}
            description={t("form.noLimit")}
            {...count}
            {...form.getInputProps("maxConcurrent")}
          />
          <Checkbox
            label={t("form.options")}
            description={t("form.optionsHint")}
            {...form.getInputProps("allowClientOptions", { type: "checkbox" })}
          />
        </Stack>
      </Fieldset>
      <Fieldset legend={t("group.where")}>
        <Stack gap="sm">
          <TagsInput
            label={t("form.ips")}
            description={t("form.ipsHint")}
            splitChars={[",", " "]}
            {...form.getInputProps("allowedIPs")}
          />
          <TextInput
            type="datetime-local"
            label={t("form.expires")}
            description={t("form.expiresHint")}
            {...form.getInputProps("expiresAt")}
          />
          <Checkbox
            label={t("form.capture")}
            description={t("form.captureHint")}
            {...form.getInputProps("capture", { type: "checkbox" })}
          />
        </Stack>
      </Fieldset>
      <Text size="sm" c="dimmed" role="status">
        {meaning(form.values)}
      </Text>
    </>
  );
}
