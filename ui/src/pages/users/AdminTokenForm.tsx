import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { useChange } from "../../parts/useChange";
import { type Role, RolePicker } from "./UserForm";

interface AdminTokenFormProps {
  onClose: () => void;
  onMade: (token: Schemas["AdminToken"]) => void;
}

/** Makes an API token of the own account. */
export function AdminTokenForm({ onClose, onMade }: AdminTokenFormProps) {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  const form = useForm({ initialValues: { name: "", role: "viewer" as Role, expiresAt: "" } });
  const save = useChange({
    call: async ({ expiresAt, ...rest }: typeof form.values) =>
      (
        await data(
          api.POST("/admin/api/admin-tokens", {
            body: { ...rest, expiresAt: expiresAt ? new Date(expiresAt).toISOString() : null },
          }),
        )
      ).adminToken,
    stale: [["admin-tokens"]],
    form,
    onDone: (made) => {
      form.reset();
      onMade(made);
    },
  });
  return (
    <FormFrame
      form={form}
      onSubmit={(values) => save.mutate(values)}
      onCancel={onClose}
      isSaving={save.isPending}
      verb={common("do.create")}
    >
      <TextInput
        label={t("form.tokenName")}
        description={t("form.tokenNameHint")}
        data-autofocus
        required
        {...form.getInputProps("name")}
      />
      <RolePicker {...form.getInputProps("role")} />
      <TextInput
        type="datetime-local"
        label={t("form.expires")}
        description={t("form.expiresHint")}
        {...form.getInputProps("expiresAt")}
      />
    </FormFrame>
  );
}
