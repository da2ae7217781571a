import { ActionIcon, Button, Group, Menu, SegmentedControl, Select } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Empty } from "../../parts/states";
import { Toolbar } from "../../parts/Toolbar";
import { useFilters } from "../../parts/url";
import { useRows } from "../../parts/useRows";
import { Board } from "./Board";
import { ChannelTable } from "./ChannelTable";
import { useResetAll, useTestAll } from "./changes";
import { ExplainBar } from "./ExplainBar";
import { useChannels } from "./queries";
import { Summary } from "./Summary";
import { stateOf } from "./shares";

const WAYS: Parameters<typeof useRows<Channel>>[1] = {
  text: ({ name, baseUrl, models, modelMapping, tags, backends, id }) => [
    name,
    baseUrl,
    id,
    ...models,
    ...Object.keys(modelMapping),
    ...tags,
    ...backends.map((backend) => backend.baseUrl),
  ],
  sort: {
    name: (channel) => channel.name,
    status: stateOf,
    priority: (channel) => channel.priority,
    weight: (channel) => channel.weight,
    backends: (channel) => channel.backends.length,
    load: (channel) => channel.currentConcurrent,
    requests: (channel) => channel.totalRequests,
    lastUsed: (channel) => channel.lastUsed,
  },
  filters: {
    status: (channel, value) => stateOf(channel) === value,
    tag: (channel, value) => channel.tags.includes(value),
  },
  first: "-priority",
};

interface ListProps {
  models: string[];
  open: (id: string) => void;
}

/** The channels as a board or as a table, with search and filters. Kept as they are while a drawer opens or closes over them. */
export const ChannelList = memo(function ChannelList({ models, open }: ListProps) {
  const { t } = useTranslation("channels");
  const { get } = useFilters();
  const mayChange = useMayChange();
  const list = useChannels();
  const channels = list.data?.channels;
  const { found, rows, total, page, isFiltered } = useRows(channels, WAYS);
  const empty = (
    <Empty
      title={t("empty")}
      hint={t("emptyHint")}
      action={mayChange && <Button onClick={() => open("new")}>{t("add")}</Button>}
    />
  );
  const isTable = get("view") === "table";
  return (
    <>
      <Group justify="space-between" mb="md" gap="sm">
        <Summary channels={channels} counts={list.data?.summary} />
        <ExplainBar models={models} />
      </Group>
      <Toolbar
        placeholder={t("search")}
        shown={found.length}
        total={channels && total}
        refresh={list.refetch}
        isRefreshing={list.isRefetching}
      >
        <Filters channels={channels ?? []} />
      </Toolbar>
      {isTable || found.length === 0 ? (
        <ChannelTable
          channels={channels}
          rows={channels && rows}
          found={found.length}
          page={page}
          isFiltered={isFiltered}
          error={list.error}
          retry={list.refetch}
          empty={empty}
          onOpen={(channel) => open(channel.id)}
        />
      ) : (
        <Board channels={channels ?? []} found={found} isFiltered={isFiltered} />
      )}
    </>
  );
});

function Filters({ channels }: { channels: Channel[] }) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const { get, set } = useFilters();
  const mayChange = useMayChange();
  const states = (["healthy", "degraded", "down", "unknown", "disabled"] as const).map((value) => ({
    value,
    label: common(`state.${value}`),
  }));
  const tags = useMemo(() => [...new Set(channels.flatMap((channel) => channel.tags))].sort(), [channels]);
  const choose = (name: "status" | "tag", data: (string | { value: string; label: string })[]) => (
    <Select
      data={data}
      value={get(name) || null}
      onChange={(value) => set({ [name]: value })}
      placeholder={t(`filter.${name}`)}
      aria-label={t(`filter.${name}`)}
      clearable
      w={140}
    />
  );
  return (
    <>
      {choose("status", states)}
      {(tags.length > 0 || get("tag") !== "") && choose("tag", tags)}
      <SegmentedControl
        aria-label={t("view.label")}
        data={(["board", "table"] as const).map((value) => ({ value, label: t(`view.${value}`) }))}
        value={get("view") === "table" ? "table" : "board"}
        onChange={(view) => set({ view: view === "table" ? view : null })}
      />
      {mayChange && <ForAll />}
    </>
  );
}

/** What is done to all of them. */
function ForAll() {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const test = useTestAll();
  const reset = useResetAll();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon size="lg" aria-label={common("list.actions")} loading={test.isPending}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => test.mutate()}>{t("test.all")}</Menu.Item>
        <Menu.Item onClick={() => reset.mutate()}>{t("do.resetAll")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
