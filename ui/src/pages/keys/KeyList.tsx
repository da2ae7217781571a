import { Button, Group, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Key } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { stateOfBackend } from "../../parts/backend";
import { Counts } from "../../parts/Counts";
import { confirmTyped } from "../../parts/confirm";
import { FilterSelect } from "../../parts/FilterSelect";
import { useFormat } from "../../parts/format";
import { Empty } from "../../parts/states";
import { Toolbar } from "../../parts/Toolbar";
import { useDrawer } from "../../parts/url";
import { useRows } from "../../parts/useRows";
import { useCheckAll, useDeleteAll, useResetAll } from "./changes";
import { KeyTable } from "./KeyTable";
import type { useKeys } from "./queries";
import { failureRate } from "./values";

const WAYS: Parameters<typeof useRows<Key>>[1] = {
  text: (key) => [
    key.name,
    key.key,
    key.baseUrl,
    key.id,
    key.group,
    ...key.tags,
    ...key.models,
    ...Object.keys(key.modelMapping),
    ...(key.inventory?.models ?? []),
  ],
  sort: {
    name: (key) => key.name,
    status: stateOfBackend,
    url: (key) => key.baseUrl,
    running: (key) => key.currentConcurrent ?? 0,
    latency: (key) => key.latencyMs ?? -1,
    models: (key) => key.inventory?.models?.length ?? -1,
    requests: (key) => key.totalRequests,
    failures: (key) => key.failedRequests,
    rate: failureRate,
    tokens: (key) => key.totalTokens,
    priority: (key) => key.priority,
    weight: (key) => key.weight,
    lastUsed: (key) => key.lastUsed,
    added: (key) => key.addedAt,
  },
  filters: {
    status: (key, value) => stateOfBackend(key) === value,
    group: (key, value) => key.group === value,
    tag: (key, value) => key.tags.includes(value),
  },
  first: "-added",
};

/** The keys with search, filters, and what is done to all of them. */
export function KeyList({ list }: { list: ReturnType<typeof useKeys> }) {
  const { t } = useTranslation("keys");
  const mayChange = useMayChange();
  const { open } = useDrawer("keys");
  const keys = list.data?.keys;
  const { found, rows, total, page, isFiltered } = useRows(keys, WAYS);
  const empty = (
    <Empty
      title={t("empty")}
      hint={t("emptyHint")}
      action={
        mayChange && (
          <>
            <Button variant="default" onClick={() => open("import")}>
              {t("import.open")}
            </Button>
            <Button onClick={() => open("new")}>{t("add")}</Button>
          </>
        )
      }
    />
  );
  return (
    <>
      <Summary list={list} />
      <Toolbar
        placeholder={t("search")}
        shown={found.length}
        total={keys && total}
        refresh={list.refetch}
        isRefreshing={list.isRefetching}
      >
        <Filters keys={keys ?? []} />
        {mayChange && total > 0 && <ForAll count={total} />}
      </Toolbar>
      <KeyTable
        keys={keys}
        rows={keys && rows}
        paging={{ page, found: found.length }}
        isFiltered={isFiltered}
        error={list.error}
        retry={list.refetch}
        empty={empty}
        onOpen={(key) => open(key.id)}
      />
    </>
  );
}

function Summary({ list }: { list: ReturnType<typeof useKeys> }) {
  const { t } = useTranslation("keys");
  const counts = list.data?.summary;
  if (list.isError && !counts) return null;
  return (
    <Group mb="md">
      <Counts
        counts={
          counts && [
            [t("summary.total", { count: counts.total }), counts.total],
            [t("summary.healthy"), counts.healthy],
            [t("summary.unhealthy"), counts.unhealthy, counts.unhealthy > 0],
            [t("summary.disabled"), counts.disabled],
            [t("summary.requests", { count: counts.totalRequests }), counts.totalRequests],
            [t("summary.tokens", { count: counts.totalTokens }), counts.totalTokens],
          ]
        }
      />
    </Group>
  );
}

function Filters({ keys }: { keys: Key[] }) {
  const { t } = useTranslation("keys");
  const { t: common } = useTranslation();
  const states = (["healthy", "halfOpen", "cooling", "down", "unknown", "disabled"] as const).map(
    (value) => ({
      value,
      label: common(`state.${value}`),
    }),
  );
  const groups = useMemo(() => distinct(keys.map((key) => key.group)), [keys]);
  const tags = useMemo(() => distinct(keys.flatMap((key) => key.tags)), [keys]);
  return (
    <>
      <FilterSelect name="status" label={t("filter.status")} data={states} />
      <FilterSelect name="group" label={t("filter.group")} data={groups} searchable />
      <FilterSelect name="tag" label={t("filter.tag")} data={tags} searchable />
    </>
  );
}

function distinct(names: string[]): string[] {
  return [...new Set(names.filter(Boolean))].sort((a, b) => a.localeCompare(b));
}

/** What is done to all of them. */
function ForAll({ count }: { count: number }) {
  const { t } = useTranslation("keys");
  const format = useFormat();
  const check = useCheckAll();
  const reset = useResetAll();
  const remove = useDeleteAll();
  const ask = () =>
    confirmTyped({
      title: t("do.deleteAllAsk", { count, n: format.number(count) }),
      text: t("do.deleteAllHint"),
      verb: t("do.deleteAll"),
      typed: String(count),
      onConfirm: () => remove.mutate(),
    });
  return (
    <Group gap={4} wrap="nowrap">
      <Button variant="default" onClick={() => check.mutate()} loading={check.isPending}>
        {t("check.all")}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />}>
            {t("do.all")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => reset.mutate()}>{t("do.reset")}</Menu.Item>
          <Menu.Item color="var(--mantine-color-error)" onClick={ask}>
            {t("do.deleteAll")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
