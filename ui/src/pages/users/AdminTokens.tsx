import { Button, Code, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "../../api/client";
import { Ago } from "../../parts/Ago";
import { confirm } from "../../parts/confirm";
import { type Column, Rows } from "../../parts/Rows";
import { Empty } from "../../parts/states";
import { Toolbar } from "../../parts/Toolbar";
import { useChange } from "../../parts/useChange";
import { useRows } from "../../parts/useRows";
import { useAdminTokens } from "./queries";

type AdminToken = Schemas["AdminToken"];

/** Tokens of the admin API, for scripts in place of a password. */
export function AdminTokens({ onNew }: { onNew: () => void }) {
  const { t } = useTranslation("users");
  const list = useAdminTokens();
  const columns = useColumns();
  const shown = useRows(list.data, {
    text: (token) => [token.name, token.userName, token.role],
    sort: {
      name: (token) => token.name,
      userName: (token) => token.userName,
      lastUsed: (token) => token.lastUsed,
    },
    first: "name",
  });
  const empty = (
    <Empty
      title={t("empty.tokens")}
      hint={t("empty.tokensHint")}
      action={<Button onClick={onNew}>{t("addToken")}</Button>}
    />
  );
  return (
    <>
      <Toolbar
        shown={shown.found.length}
        total={shown.total}
        refresh={list.refetch}
        isRefreshing={list.isRefetching}
      />
      <Rows
        rows={list.data && shown.rows}
        columns={columns}
        id={(token) => token.id}
        error={list.error}
        retry={list.refetch}
        first="name"
        isFiltered={shown.isFiltered}
        empty={empty}
        paging={{ page: shown.page, found: shown.found.length }}
        minWidth={860}
      />
    </>
  );
}

function useColumns(): Column<AdminToken>[] {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  const revoke = useChange({
    call: (id: string) => data(api.DELETE("/admin/api/admin-tokens/{id}", { params: { path: { id } } })),
    stale: [["admin-tokens"]],
    done: t("do.revoked"),
  });
  const ask = ({ id, name }: AdminToken) =>
    confirm({
      title: t("do.revokeAsk", { name }),
      text: t("do.revokeHint"),
      verb: t("do.revoke"),
      onConfirm: () => revoke.mutate(id),
    });
  return [
    {
      accessor: "name",
      title: t("column.name"),
      sortable: true,
      render: (token) => (
        <Text size="sm" fw={500} truncate maw={220}>
          {token.name}
        </Text>
      ),
    },
    { accessor: "token", title: t("column.token"), render: (token) => <Code>{token.token}</Code> },
    { accessor: "userName", title: t("column.owner"), sortable: true },
    { accessor: "role", title: t("column.role"), render: (token) => common(`role.${token.role}`) },
    {
      accessor: "lastUsed",
      title: t("column.lastUsed"),
      sortable: true,
      render: (token) => <Ago at={token.lastUsed} size="sm" />,
    },
    {
      accessor: "expiresAt",
      title: t("column.expires"),
      render: (token) =>
        token.expiresAt ? <Ago at={token.expiresAt} size="sm" /> : <Text size="sm">{t("neverExpires")}</Text>,
    },
    {
      accessor: "revoke",
      title: "",
      textAlign: "right",
      render: (token) => (
        <Button size="compact-sm" variant="light" color="red" onClick={() => ask(token)}>
          {t("do.revoke")}
        </Button>
      ),
    },
  ];
}
