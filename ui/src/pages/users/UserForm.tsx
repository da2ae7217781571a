import { Checkbox, PasswordInput, Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api, data } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { useChange } from "../../parts/useChange";

export type Role = "admin" | "viewer";

/** Makes an account. */
export function UserForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  const form = useForm({
    initialValues: { name: "", password: "", role: "viewer" as Role, mustChange: true },
  });
  const save = useChange({
    call: (body: typeof form.values) => data(api.POST("/admin/api/users", { body })),
    stale: [["users"]],
    form,
    done: common("created"),
    onDone: () => {
      form.reset();
      onClose();
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
        label={t("form.name")}
        data-autofocus
        autoComplete="off"
        required
        {...form.getInputProps("name")}
      />
      <PasswordInput
        label={t("form.password")}
        description={t("form.passwordHint")}
        autoComplete="new-password"
        required
        {...form.getInputProps("password")}
      />
      <RolePicker {...form.getInputProps("role")} />
      <Checkbox label={t("form.mustChange")} {...form.getInputProps("mustChange", { type: "checkbox" })} />
    </FormFrame>
  );
}

interface RolePickerProps {
  value?: Role;
  onChange?: (role: Role) => void;
  disabled?: boolean;
}

/** The two roles with what each may. */
export function RolePicker({ value, onChange, disabled }: RolePickerProps) {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  return (
    <Radio.Group label={t("form.role")} value={value ?? null} onChange={(role) => onChange?.(role as Role)}>
      <Stack gap="xs" mt={4}>
        {(["viewer", "admin"] as const).map((role) => (
          <Radio
            key={role}
            value={role}
            label={common(`role.${role}`)}
            description={t(`role.${role}`)}
            disabled={disabled ?? false}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
