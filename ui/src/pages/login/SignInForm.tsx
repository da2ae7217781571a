import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "../../api/client";
import { setKnown } from "../../api/queries";
import { useErrorText } from "../../parts/states";

interface SignInProps {
  /** Whose session was it; without it the account is asked for. */
  name?: string | undefined;
  onDone: () => void;
}

/** Account and password; afterwards the session is a cookie that no script can read. */
export function SignInForm({ name, onDone }: SignInProps) {
  const { t } = useTranslation("login");
  const text = useErrorText();
  const form = useForm({ initialValues: { username: name ?? "", password: "" } });
  const signIn = useMutation({
    mutationFn: (body: { username: string; password: string }) =>
      data(
        api.POST("/admin/login", {
          body: { password: body.password, ...(body.username && { username: body.username }) },
        }),
      ),
    onSuccess: () => {
      setKnown(true);
      onDone();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
      <Stack>
        {signIn.isError && (
          <Alert color="red" role="alert">
            {text(signIn.error)}
          </Alert>
        )}
        <TextInput
          label={t("name")}
          description={name === undefined ? t("nameHint") : undefined}
          autoComplete="username"
          readOnly={name !== undefined}
          {...form.getInputProps("username")}
        />
        <PasswordInput
          label={t("password")}
          autoComplete="current-password"
          required
          data-autofocus
          autoFocus
          {...form.getInputProps("password")}
        />
        <Button type="submit" loading={signIn.isPending}>
          {t("signIn")}
        </Button>
      </Stack>
    </form>
  );
}
