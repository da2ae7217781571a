import { Button, Group, Switch, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../../parts/states";
import { useFilters } from "../../parts/url";
import { FilterBar } from "./FilterBar";
import { Following } from "./Following";
import { type Filters, filtersOf } from "./filters";
import { useLogs } from "./queries";
import { RequestTable } from "./RequestTable";
import type { LogRecord } from "./record";
import { useTail } from "./useTail";

/** Requests of clients: those that are over, or as they end. Kept as they are while a drawer opens or closes over them. */
export const Requests = memo(function Requests({ open }: { open: (key: string) => void }) {
  const { t } = useTranslation("logs");
  const { get, set } = useFilters();
  const onOpen = (record: LogRecord) => record.key && open(record.key);
  const filters = filtersOf(get);
  const isLive = get("live") === "on";
  const [isPaused, pause] = useState(false);
  const list = useLogs(filters, !isLive);
  const tail = useTail(filters, isLive, isPaused);
  const pages = list.data?.pages;
  const rows = isLive ? tail.records : pages?.flatMap((page) => page.logs);
  const follow = (isOn: boolean) => {
    pause(false);
    set({ live: isOn ? "on" : null });
  };
  return (
    <>
      <FilterBar
        filters={filters}
        rows={rows}
        warnings={(!isLive && pages?.[0]?.warnings) || []}
        refresh={list.refetch}
        isRefreshing={list.isRefetching && !list.isFetchingNextPage}
      >
        <Switch
          label={t("live.follow")}
          checked={isLive}
          onChange={(event) => follow(event.currentTarget.checked)}
        />
      </FilterBar>
      {isLive ? (
        <>
          <Following tail={tail} isPaused={isPaused} pause={pause} />
          <RequestTable
            rows={tail.records}
            id={(record) => record.tailKey}
            retry={list.refetch}
            isFiltered={false}
            empty={<Empty title={t("live.empty")} hint={t("live.emptyHint")} />}
            onOpen={onOpen}
          />
        </>
      ) : (
        <List list={list} filters={filters} onOpen={onOpen} />
      )}
    </>
  );
});

interface ListProps {
  list: ReturnType<typeof useLogs>;
  filters: Filters;
  onOpen: (record: LogRecord) => void;
}

function List({ list, filters, onOpen }: ListProps) {
  const { t } = useTranslation("logs");
  const client = useQueryClient();
  const rows = list.data?.pages.flatMap((page) => page.logs);
  const isCut = (list.data?.pages[0]?.first ?? "") !== "";
  const toNewest = () => client.resetQueries({ queryKey: ["logs", "requests", filters] });
  return (
    <>
      {isCut && (
        <Group gap="xs" mb="xs">
          <Text size="sm" c="dimmed">
            {t("cut", { count: rows?.length ?? 0 })}
          </Text>
          <Button size="compact-sm" variant="default" onClick={toNewest}>
            {t("toNewest")}
          </Button>
        </Group>
      )}
      <RequestTable
        rows={rows}
        // An id may have been chosen by a client, and twice; imported records have neither.
        id={(record) => record.key || `${record.timestamp} ${rows?.indexOf(record)}`}
        error={list.error}
        retry={list.refetch}
        isFiltered={Object.keys(filters).length > 0}
        empty={<Empty title={t("empty")} hint={t("emptyHint")} />}
        onOpen={onOpen}
        more={{
          has: list.hasNextPage,
          load: () => void list.fetchNextPage(),
          isLoading: list.isFetchingNextPage,
        }}
      />
    </>
  );
}
