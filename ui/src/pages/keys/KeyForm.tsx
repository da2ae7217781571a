import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, ifMatch, type Key } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { isFlawed } from "../../parts/mapping";
import { useChange } from "../../parts/useChange";
import { Fields } from "./Fields";
import { type KeyValues, toBody, toValues } from "./values";

interface KeyFormProps {
  /** Without one, a key is made. */
  before?: Key;
  onClose: () => void;
  onMade?: (key: Key) => void;
}

interface Save {
  values: KeyValues;
  /** Which revision is changed; without one, whatever is there. */
  revision?: number;
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
  const [inConflict, setConflict] = useState<KeyValues>();
  const save = useChange({
    call: async ({ values, revision }: Save) => {
      const body = toBody(values, before);
      const header = revision === undefined ? {} : ifMatch(revision);
      const call = before
        ? api.PUT("/admin/api/keys/{id}", { params: { path: { id: before.id }, header }, body })
        : api.POST("/admin/api/keys", { body: { ...body, key: values.key } });
      return (await data(call)).key;
    },
    stale: [["keys"], ["models"]],
    form,
    done: before ? common("saved") : common("created"),
    onDone: (made) => {
      form.resetDirty();
      if (before) onClose();
      else onMade?.(made);
    },
    onConflict: (_, { values }) => setConflict(values),
  });
  const conflict = inConflict && {
    takeTheirs: () => {
      form.resetDirty();
      onClose();
    },
    saveMine: () => save.mutate({ values: inConflict }),
  };
  return (
    <FormFrame
      form={form}
      onSubmit={(values) => save.mutate({ values, ...(before && { revision: before.revision }) })}
      onCancel={onClose}
      isSaving={save.isPending}
      verb={before ? common("do.save") : t("form.create")}
      conflict={conflict}
    >
      <Fields form={form} before={before} />
    </FormFrame>
  );
}
