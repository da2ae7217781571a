import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api, data } from "../../api/client";
import { useChange } from "../../parts/useChange";

interface PasswordFormProps {
  name: string;
  onDone: () => void;
}

/** Changes the own password; all other sessions of the account end by it. */
export function PasswordForm({ name, onDone }: PasswordFormProps) {
  const { t } = useTranslation("login");
  const { t: common } = useTranslation();
  const form = useForm({
    initialValues: { currentPassword: "", newPassword: "", again: "" },
    validate: { again: (again, values) => (again === values.newPassword ? null : t("differs")) },
  });
  const change = useChange({
    call: (body: { currentPassword: string; newPassword: string }) =>
      data(api.POST("/admin/api/me/password", { body })),
    stale: [["me"], ["sessions"]],
    form,
    done: common("saved"),
    onDone: () => {
      form.reset();
      onDone();
    },
  });
  return (
    <form
      onSubmit={form.onSubmit(({ currentPassword, newPassword }) =>
        change.mutate({ currentPassword, newPassword }),
      )}
    >
      <Stack>
        <TextInput label={t("name")} value={name} readOnly autoComplete="username" />
        <PasswordInput
          label={t("current")}
          autoComplete="current-password"
          required
          data-autofocus
          {...form.getInputProps("currentPassword")}
        />
        <PasswordInput
          label={t("new")}
          description={t("newHint")}
          autoComplete="new-password"
          required
          {...form.getInputProps("newPassword")}
        />
        <PasswordInput
          label={t("again")}
          autoComplete="new-password"
          required
          {...form.getInputProps("again")}
        />
        <Button type="submit" loading={change.isPending}>
          {t("save")}
        </Button>
      </Stack>
    </form>
  );
}
