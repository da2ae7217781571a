import { Button, Paper, Skeleton, Tabs } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useMayChange, useMe } from "../../api/queries";
import { Page } from "../../parts/Page";
import { Secret } from "../../parts/Secret";
import { SideDrawer } from "../../parts/SideDrawer";
import { Empty, Failed } from "../../parts/states";
import { useDrawer } from "../../parts/url";
import { PasswordForm } from "../login/PasswordForm";
import { Accounts } from "./Accounts";
import { AdminTokenForm } from "./AdminTokenForm";
import { AdminTokens } from "./AdminTokens";
import { useUsers } from "./queries";
import { Sessions } from "./Sessions";
import { UserDetail } from "./UserDetail";
import { UserForm } from "./UserForm";
import "./words";

/** Views that have an address of their own beside the list of accounts. */
const VIEWS = ["sessions", "tokens", "me"] as const;
type View = "accounts" | (typeof VIEWS)[number];

export default function Users() {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  const me = useMe().data;
  const { id, part, open } = useDrawer("users");
  const [secret, setSecret] = useState<Schemas["AdminToken"] | null>(null);
  const named = VIEWS.find((view) => view === id);
  const view: View = mayChange ? (named ?? "accounts") : "me";
  const isOne = mayChange && id !== undefined && id !== "new" && !named;
  const isRefused = !mayChange && id !== undefined && id !== "me";
  const adds: Partial<Record<View, [label: string, go: () => void]>> = {
    accounts: [t("add"), () => open("new")],
    tokens: [t("addToken"), () => open("tokens", "new")],
  };
  const add = mayChange ? adds[view] : undefined;
  const tabs = mayChange ? (["accounts", ...VIEWS] as const) : (["me"] as const);
  return (
    <Page
      title={common("nav.users")}
      purpose={t("purpose")}
      action={
        add && (
          <Button leftSection={<IconPlus size={16} />} onClick={add[1]}>
            {add[0]}
          </Button>
        )
      }
    >
      <Tabs value={view} onChange={(to) => open(to === "accounts" ? undefined : (to ?? undefined))} mb="md">
        <Tabs.List>
          {tabs.map((tab) => (
            <Tabs.Tab key={tab} value={tab} px={{ base: 6, xs: "md" }} fz={{ base: "xs", xs: "sm" }}>
              {t(`tab.${tab}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={view} pt="md">
          {view === "accounts" && <Accounts onOpen={(user) => open(user.id)} />}
          {view === "sessions" && <Sessions />}
          {view === "tokens" && <AdminTokens onNew={() => open("tokens", "new")} />}
          {isRefused && <Empty title={common("error.forbidden")} />}
          {view === "me" && me && !isRefused && (
            <Paper withBorder p="md" maw={440}>
              <PasswordForm name={me.user.name} onDone={() => {}} />
            </Paper>
          )}
        </Tabs.Panel>
      </Tabs>
      <SideDrawer opened={mayChange && id === "new"} title={t("form.new")} onClose={() => open()}>
        <UserForm onClose={() => open()} />
      </SideDrawer>
      <SideDrawer
        opened={view === "tokens" && part === "new"}
        title={t("form.token")}
        onClose={() => open("tokens")}
      >
        <AdminTokenForm
          onClose={() => open("tokens")}
          onMade={(made) => {
            setSecret(made);
            open("tokens");
          }}
        />
      </SideDrawer>
      {isOne && <One id={id} onClose={() => open()} />}
      <Secret
        title={t("secret.title", { name: secret?.name ?? "" })}
        hint={t("secret.hint")}
        secret={secret?.token ?? null}
        onClose={() => setSecret(null)}
      />
    </Page>
  );
}

function One({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const users = useUsers();
  const user = users.data?.find((user) => user.id === id);
  return (
    <SideDrawer opened title={user?.name ?? "…"} onClose={onClose}>
      {users.isPending && <Skeleton h={320} />}
      {users.isError && <Failed error={users.error} retry={users.refetch} />}
      {users.isSuccess && !user && <Empty title={t("error.gone")} hint={t("error.goneHint")} />}
      {user && <UserDetail user={user} onClose={onClose} />}
    </SideDrawer>
  );
}
