import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api, data, type Key } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { isFlawed } from "../../parts/mapping";
import { useThingForm } from "../../parts/useThingForm";
import { Fields } from "./Fields";
import { type KeyValues, toBody, toValues } from "./values";

interface KeyFormProps {
  /** Without one, a key is made. */
  before?: Key;
  onClose: () => void;
  onMade?: (key: Key) => void;
}

/** Makes or changes a key: where, what, how much. */
export function KeyForm({ before, onClose, onMade }: KeyFormProps) {
  const { t } = useTranslation("keys");
  const { t: common } = useTranslation();
  const form = useForm<KeyValues>({
    initialValues: toValues(before),
    validate: {
      key: (key) => (before === undefined && key.trim() === "" ? t("form.lineNeeded") : null),
      modelMapping: (rows) => (isFlawed(rows) ? common("mapping.wrong") : null),
    },
  });
  const frame = useThingForm<Key, KeyValues>({
    form,
    before,
    call: async (values, header) => {
      const body = toBody(values, before);
      const call = before
        ? api.PUT("/admin/api/keys/{id}", { params: { path: { id: before.id }, header }, body })
        : api.POST("/admin/api/keys", { body: { ...body, key: values.key } });
      return (await data(call)).key;
    },
    stale: [["keys"], ["models"]],
    done: before ? common("saved") : common("created"),
    onClose,
    onMade,
  });
  return (
    <FormFrame {...frame} verb={before ? common("do.save") : t("form.create")}>
      <Fields form={form} before={before} />
    </FormFrame>
  );
}
