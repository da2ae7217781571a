import { Alert, Button, Checkbox, Group, PasswordInput, Stack, Switch, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api, data, ifMatch, type User } from "../../api/client";
import { useMe } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { confirm } from "../../parts/confirm";
import { Facts } from "../../parts/Facts";
import { useChange } from "../../parts/useChange";
import { type Role, RolePicker } from "./UserForm";

const STALE = [["users"], ["sessions"], ["admin-tokens"], ["me"]];

/** One account: role, whether it may sign in, its password, its end. */
export function UserDetail({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  const isMe = useMe().data?.user.id === user.id;
  const params = { path: { id: user.id } };
  const put = (body: { role?: Role; enabled?: boolean }) =>
    data(api.PUT("/admin/api/users/{id}", { params: { ...params, header: ifMatch(user.revision) }, body }));
  const change = useChange({ call: put, stale: STALE, done: common("saved") });
  const signOut = useChange({
    call: () => data(api.DELETE("/admin/api/users/{id}/sessions", { params })),
    stale: STALE,
    done: t("do.signedOut", { name: user.name }),
  });
  const remove = useChange({
    call: () => data(api.DELETE("/admin/api/users/{id}", { params })),
    stale: STALE,
    done: common("deleted"),
    onDone: onClose,
  });
  const ask = () =>
    confirm({
      title: t("do.deleteAsk", { name: user.name }),
      text: t("do.deleteHint"),
      verb: common("do.delete"),
      onConfirm: () => remove.mutate(),
    });
  return (
    <Stack>
      {user.passwordFrom === "ADMIN_PASSWORD" && <Alert color="accent">{t("fromEnv")}</Alert>}
      <Facts
        facts={[
          [t("column.created"), <Ago key="created" at={user.createdAt} />],
          [t("column.lastSignIn"), <Ago key="signed" at={user.lastSignIn} />],
        ]}
      />
      <Switch
        checked={user.enabled}
        disabled={isMe || change.isPending}
        onChange={(event) => change.mutate({ enabled: event.currentTarget.checked })}
        label={t("form.enabled")}
      />
      <RolePicker value={user.role} onChange={(role) => change.mutate({ role })} disabled={isMe} />
      <SetPassword id={user.id} />
      <Group gap="xs">
        <Button variant="default" onClick={() => signOut.mutate()}>
          {t("do.signOut")}
        </Button>
        {!isMe && (
          <Button variant="light" color="red" onClick={ask}>
            {common("do.delete")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function SetPassword({ id }: { id: string }) {
  const { t } = useTranslation("users");
  const form = useForm({ initialValues: { password: "", mustChange: true } });
  const set = useChange({
    call: (body: typeof form.values) =>
      data(api.POST("/admin/api/users/{id}/password", { params: { path: { id } }, body })),
    stale: STALE,
    form,
    done: t("do.passwordSet"),
    onDone: () => form.reset(),
  });
  return (
    <form onSubmit={form.onSubmit((values) => set.mutate(values))}>
      <Stack gap="sm">
        <Title order={3} size="h5">
          {t("do.setPassword")}
        </Title>
        <PasswordInput
          label={t("form.password")}
          description={t("do.setPasswordHint")}
          autoComplete="new-password"
          required
          {...form.getInputProps("password")}
        />
        <Checkbox label={t("form.mustChange")} {...form.getInputProps("mustChange", { type: "checkbox" })} />
        <Group justify="flex-end">
          <Button type="submit" variant="default" loading={set.isPending}>
            {t("do.setPassword")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
