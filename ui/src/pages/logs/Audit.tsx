import { Select, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { type Column, Rows } from "../../parts/Rows";
import { Empty } from "../../parts/states";
import { Toolbar } from "../../parts/Toolbar";
import { useFilters } from "../../parts/url";
import { ACTIONS, useActionWord } from "./actions";
import { changesOf } from "./Changed";
import { FilterField } from "./FilterField";
import { type AuditEntry, useAudit } from "./queries";
import { Cut, moment } from "./RequestTable";

const FILTERS = ["actor", "action", "object", "text", "since", "until"] as const;

/** Who changed what. */
export function Audit({ onOpen }: { onOpen: (id: string) => void }) {
  const { t } = useTranslation("logs");
  const { get } = useFilters();
  const filters = Object.fromEntries(
    FILTERS.map((name) => [name, get(name)] as const).filter(([, value]) => value !== ""),
  );
  const list = useAudit(filters);
  const columns = useColumns();
  const rows = list.data?.pages.flatMap((page) => page.entries);
  return (
    <>
      <Toolbar
        placeholder={t("audit.search")}
        search={{ name: "text" }}
        refresh={list.refetch}
        isRefreshing={list.isRefetching && !list.isFetchingNextPage}
      >
        <Filters rows={rows} />
      </Toolbar>
      <Rows
        rows={rows}
        columns={columns}
        id={(entry) => entry.id}
        error={list.error}
        retry={list.refetch}
        first=""
        isFiltered={Object.keys(filters).length > 0}
        empty={<Empty title={t("audit.empty")} />}
        onOpen={(entry) => onOpen(entry.id)}
        more={{
          has: list.hasNextPage,
          load: () => void list.fetchNextPage(),
          isLoading: list.isFetchingNextPage,
        }}
        minWidth={900}
      />
    </>
  );
}

function useColumns(): Column<AuditEntry>[] {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const word = useActionWord();
  return [
    {
      accessor: "timestamp",
      title: t("column.time"),
      noWrap: true,
      render: (entry) => <NameLink page="logs/audit" id={entry.id} name={moment(format, entry.timestamp)} />,
    },
    {
      accessor: "actor",
      title: t("audit.actor"),
      render: (entry) => <Cut text={entry.actor} width={160} />,
    },
    { accessor: "action", title: t("audit.action"), render: (entry) => word(entry.action) },
    {
      accessor: "name",
      title: t("audit.object"),
      render: (entry) => <Cut text={entry.name} width={220} />,
    },
    { accessor: "changes", title: t("audit.changes"), render: (entry) => <Brief entry={entry} /> },
    {
      accessor: "address",
      title: t("detail.address"),
      noWrap: true,
      render: (entry) => entry.address ?? "–",
    },
  ];
}

/** Of a change of few values the values, of more their names. */
function Brief({ entry }: { entry: AuditEntry }) {
  const changes = changesOf(entry);
  const isUpdate = entry.before !== null && entry.after !== null;
  const text =
    isUpdate && changes.length <= 2
      ? changes.map(({ name, before, after }) => `${name}: ${before ?? "–"} → ${after ?? "–"}`).join("; ")
      : changes.map(({ name }) => name).join(", ");
  return (
    <Text size="sm" c={isUpdate ? "" : "dimmed"} truncate maw={340} title={text}>
      {text || "–"}
    </Text>
  );
}

function Filters({ rows }: { rows: AuditEntry[] | undefined }) {
  const { t } = useTranslation("logs");
  const { get, set } = useFilters();
  const word = useActionWord();
  const kinds = [...new Set(ACTIONS.map(({ name }) => name.split(".")[0] ?? name))];
  const actors = (rows ?? []).map(({ actor }) => actor.split("/")[0] ?? actor);
  const field = (name: "actor" | "object") => {
    const says = t(`audit.${name}`);
    return { name, placeholder: says, "aria-label": says, w: 170 };
  };
  const actions = ACTIONS.map(({ name }) => ({ value: name, label: word(name) }));
  return (
    <>
      <Select
        data={actions}
        value={get("action") || null}
        onChange={(action) => set({ action })}
        placeholder={t("audit.action")}
        aria-label={t("audit.action")}
        searchable
        clearable
        w={200}
      />
      <FilterField {...field("actor")} choices={actors} />
      <FilterField {...field("object")} choices={kinds} />
    </>
  );
}
