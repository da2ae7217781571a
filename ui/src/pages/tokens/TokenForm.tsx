import { Checkbox, Fieldset, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api, data, type Token } from "../../api/client";
import { CountInput } from "../../parts/CountInput";
import { FormFrame } from "../../parts/FormFrame";
import { useThingForm } from "../../parts/useThingForm";
import { useMeaning } from "./meaning";
import { type TokenValues, toBody, toValues } from "./values";

interface TokenFormProps {
  /** Without one, a token is made. */
  token?: Token;
  onClose: () => void;
  onMade?: (token: Token) => void;
}

/** Makes or changes a token: who, what and how much, where and how long. */
export function TokenForm({ token, onClose, onMade }: TokenFormProps) {
  const { t } = useTranslation("tokens");
  const { t: common } = useTranslation();
  const form = useForm<TokenValues>({ initialValues: toValues(token) });
  const frame = useThingForm<Token, TokenValues>({
    form,
    before: token,
    call: async (values, header) => {
      const body = toBody(values, token);
      const call = token
        ? api.PUT("/admin/api/tokens/{id}", { params: { path: { id: token.id }, header }, body })
        : api.POST("/admin/api/tokens", { body });
      return (await data(call)).token;
    },
    stale: [["tokens"]],
    done: token && common("saved"),
    onClose,
    onMade,
  });
  return (
    <FormFrame {...frame} verb={token ? t("form.save") : t("form.create")}>
      <Fields form={form} />
    </FormFrame>
  );
}

function Fields({ form }: { form: ReturnType<typeof useForm<TokenValues>> }) {
  const { t } = useTranslation("tokens");
  const meaning = useMeaning();
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
          <CountInput
            form={form}
            name="quotaLimit"
            label={t("form.quota")}
            description={t("form.quotaHint")}
          />
          <CountInput form={form} name="rateLimit" label={t("form.rate")} description={t("form.rateHint")} />
          <CountInput
            form={form}
            name="tokensPerMinute"
            label={t("form.tpm")}
            description={t("form.noLimit")}
          />
          <CountInput
            form={form}
            name="maxConcurrent"
            label={t("form.concurrent")}
            description={t("form.noLimit")}
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
