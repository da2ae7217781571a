import { Button, Group, Stack, Text } from "@mantine/core";
import { DataTable, type DataTableColumn } from "mantine-datatable";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Empty, Failed } from "./states";
import { useFilters } from "./url";
import { PAGE_SIZE } from "./useRows";

export type Column<T> = DataTableColumn<T>;

interface RowsProps<T> {
  /** `undefined` while they are loaded for the first time. */
  rows: T[] | undefined;
  columns: Column<T>[];
  id: (record: T) => string;
  error?: unknown;
  retry: () => unknown;
  /** The order as the address has it, or what stands for none. */
  first: string;
  isFiltered: boolean;
  /** What is shown when there is nothing at all: how to begin. */
  empty: ReactNode;
  onOpen?: (record: T) => void;
  selection?: { selected: T[]; onChange: (records: T[]) => void } | undefined;
  /** Of a list that is here whole. */
  paging?: { page: number; found: number };
  /** Of a list that comes in pieces. */
  more?: { has: boolean; load: () => void; isLoading: boolean };
  minWidth?: number;
  /** Whether the first column stays while the others are scrolled. */
  pinsFirst?: boolean;
}

/** The table of a list, with its skeleton, its empty state and its errors. */
export function Rows<T>(props: RowsProps<T>) {
  const { t } = useTranslation();
  const { get, set, clear } = useFilters();
  const { rows, paging, more, selection, onOpen } = props;
  const order = get("sort") || props.first;
  if (props.error && rows === undefined) return <Failed error={props.error} retry={props.retry} />;
  if (rows?.length === 0) {
    if (!props.isFiltered) return <>{props.empty}</>;
    const action = (
      <Button variant="default" size="xs" onClick={clear}>
        {t("list.clearFilters")}
      </Button>
    );
    return <Empty title={t("list.noMatch")} hint={t("list.noMatchHint")} action={action} />;
  }
  return (
    <Stack gap="xs">
      <DataTable<T>
        records={rows ?? []}
        columns={props.columns as DataTableColumn<T>[]}
        idAccessor={(record) => props.id(record)}
        fetching={rows === undefined}
        loaderType="dots"
        minHeight={rows === undefined ? 320 : 0}
        noRecordsText=""
        noRecordsIcon={<span />}
        withTableBorder
        highlightOnHover
        pinFirstColumn={props.pinsFirst ?? false}
        verticalSpacing="xs"
        scrollAreaProps={{ type: "auto", offsetScrollbars: "x" }}
        styles={{ table: { minWidth: props.minWidth ?? 720 } }}
        sortStatus={{
          columnAccessor: order.replace(/^-/, ""),
          direction: order.startsWith("-") ? "desc" : "asc",
        }}
        onSortStatusChange={({ columnAccessor, direction }) =>
          set({ sort: `${direction === "desc" ? "-" : ""}${String(columnAccessor)}` })
        }
        {...(onOpen && { onRowClick: ({ record }: { record: T }) => onOpen(record) })}
        {...(selection && {
          selectedRecords: selection.selected,
          onSelectedRecordsChange: selection.onChange,
          allRecordsSelectionCheckboxProps: { "aria-label": `${t("list.select")}: ${t("list.all")}` },
          getRecordSelectionCheckboxProps: (record: T) => ({
            "aria-label": `${t("list.select")}: ${props.id(record)}`,
          }),
        })}
      />
      {paging && paging.found > PAGE_SIZE && (
        <Pager
          page={paging.page}
          pages={Math.ceil(paging.found / PAGE_SIZE)}
          go={(page) => set({ page: String(page) })}
        />
      )}
      {more?.has && (
        <Button variant="default" onClick={more.load} loading={more.isLoading} mx="auto">
          {t("do.more")}
        </Button>
      )}
    </Stack>
  );
}

function Pager({ page, pages, go }: { page: number; pages: number; go: (page: number) => void }) {
  const { t } = useTranslation();
  return (
    <Group justify="flex-end" gap="xs">
      <Text size="sm" c="dimmed" className="numbers">
        {t("list.page", { page, pages })}
      </Text>
      <Button variant="default" size="xs" disabled={page <= 1} onClick={() => go(page - 1)}>
        {t("do.previous")}
      </Button>
      <Button variant="default" size="xs" disabled={page >= pages} onClick={() => go(page + 1)}>
        {t("do.next")}
      </Button>
    </Group>
  );
}
