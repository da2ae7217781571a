import { Button, Code, Progress, Stack, Text } from "@mantine/core";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Token } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { Bulk } from "../../parts/Bulk";
import { FilterSelect } from "../../parts/FilterSelect";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { Chips } from "../../parts/Names";
import { type Column, Rows } from "../../parts/Rows";
import { Status } from "../../parts/Status";
import { Empty } from "../../parts/states";
import { Toolbar } from "../../parts/Toolbar";
import { useFilters } from "../../parts/url";
import { FIRST, useTokens } from "./queries";

/** Where the screen has room for what few look at often, and for what is looked at more seldom yet. */
const WIDE = "(min-width: 1400px)";
const WIDEST = "(min-width: 1680px)";

/** Kept as it is while a drawer opens or closes over it. */
export const TokenTable = memo(function TokenTable({ open }: { open: (id: string) => void }) {
  const { t } = useTranslation("tokens");
  const { t: common } = useTranslation();
  const { get } = useFilters();
  const mayChange = useMayChange();
  const columns = useColumns();
  const list = useTokens(get("q"), get("status"), get("sort"));
  const [selected, select] = useState<Token[]>([]);
  const pages = list.data?.pages;
  const rows = pages?.flatMap((page) => page.tokens);
  const states = (["enabled", "disabled", "expired"] as const).map((value) => ({
    value,
    label: common(`state.${value}`),
  }));
  const empty = (
    <Empty
      title={t("empty")}
      hint={t("emptyHint")}
      action={mayChange && <Button onClick={() => open("new")}>{t("add")}</Button>}
    />
  );
  return (
    <>
      <Toolbar
        placeholder={t("search")}
        shown={rows?.length}
        total={pages?.[0]?.summary.total}
        refresh={list.refetch}
        isRefreshing={list.isRefetching}
      >
        <FilterSelect name="status" label={t("status")} data={states} />
      </Toolbar>
      {selected.length > 0 && <Many selected={selected} onDone={() => select([])} />}
      <Rows
        rows={rows}
        columns={columns}
        id={(token) => token.id}
        error={list.error}
        retry={list.refetch}
        first={FIRST}
        isFiltered={get("q") !== "" || get("status") !== ""}
        empty={empty}
        onOpen={(token) => open(token.id)}
        selection={mayChange ? { selected, onChange: select } : undefined}
        more={{
          has: list.hasNextPage,
          load: () => void list.fetchNextPage(),
          isLoading: list.isFetchingNextPage,
        }}
        minWidth={960}
      />
    </>
  );
});

function useColumns(): Column<Token>[] {
  const { t } = useTranslation("tokens");
  const format = useFormat();
  return [
    {
      accessor: "name",
      title: t("column.name"),
      sortable: true,
      render: (token) => <NameLink page="tokens" id={token.id} name={token.name} />,
    },
    {
      accessor: "token",
      noWrap: true,
      title: t("column.token"),
      render: (token) => <Code>{token.token}</Code>,
    },
    { accessor: "status", title: t("column.status"), render: (token) => <Status state={token.status} /> },
    {
      accessor: "models",
      title: t("column.models"),
      width: 170,
      render: (token) => <Chips names={token.allowedModels} none={t("allModels")} />,
    },
    {
      accessor: "quotaUsed",
      title: t("column.month"),
      sortable: true,
      width: 140,
      render: (token) => <Quota token={token} />,
    },
    {
      accessor: "totalTokens",
      visibleMediaQuery: WIDEST,
      title: t("column.total"),
      sortable: true,
      textAlign: "right",
      render: (token) => <span className="numbers">{format.short(token.totalTokens)}</span>,
    },
    {
      accessor: "rate",
      visibleMediaQuery: WIDE,
      title: t("column.rate"),
      textAlign: "right",
      render: (token) => (
        <span className="numbers">{token.rateLimit ? format.number(token.rateLimit) : "–"}</span>
      ),
    },
    {
      accessor: "lastUsed",
      noWrap: true,
      title: t("column.lastUsed"),
      sortable: true,
      render: (token) => <Ago at={token.lastUsed} size="sm" />,
    },
    {
      accessor: "expires",
      noWrap: true,
      title: t("column.expires"),
      render: (token) =>
        token.expiresAt ? <Ago at={token.expiresAt} size="sm" /> : <Text size="sm">{t("neverExpires")}</Text>,
    },
    {
      accessor: "createdAt",
      visibleMediaQuery: WIDEST,
      noWrap: true,
      title: t("column.created"),
      sortable: true,
      render: (token) => <Ago at={token.createdAt} size="sm" />,
    },
  ];
}

/** What of the month's quota is used, as a bar. */
export function Quota({ token }: { token: Token }) {
  const { t } = useTranslation("tokens");
  const { t: common } = useTranslation();
  const format = useFormat();
  const used = format.short(token.quotaUsed);
  if (!token.quotaLimit) {
    return (
      <Text size="sm" className="numbers">
        {used} / {common("unlimited")}
      </Text>
    );
  }
  const part = token.quotaUsed / token.quotaLimit;
  return (
    <Stack gap={2}>
      <Text size="sm" className="numbers">
        {format.noted(`${used} / ${format.short(token.quotaLimit)}`, format.percent(part))}
      </Text>
      <Progress
        value={Math.min(100, part * 100)}
        color={part >= 1 ? "red" : part >= 0.9 ? "orange" : "accent"}
        aria-label={t("column.month")}
      />
    </Stack>
  );
}

/** What can be done with several at once. */
function Many({ selected, onDone }: { selected: Token[]; onDone: () => void }) {
  const { t } = useTranslation("tokens");
  const count = selected.length;
  return (
    <Bulk
      selected={selected}
      call={(action, ids) => data(api.POST("/admin/api/tokens/bulk", { body: { ids, action } }))}
      stale={[["tokens"]]}
      words={{
        enabled: t("do.enabled", { count }),
        disabled: t("do.disabled", { count }),
        deleted: t("do.deleted", { count }),
        deleteAsk: t("do.deleteMany", { count }),
        deleteHint: t("do.deleteHint"),
      }}
      onDone={onDone}
    />
  );
}
