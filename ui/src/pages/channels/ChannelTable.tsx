import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Channel, data } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { Bulk } from "../../parts/Bulk";
import { Load } from "../../parts/backend";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { Chips } from "../../parts/Names";
import { type Column, Rows } from "../../parts/Rows";
import { Status } from "../../parts/Status";
import { sharesOf, stateOf } from "./shares";

interface TableProps {
  /** All of them: shares hold among all. */
  channels: Channel[] | undefined;
  /** Those of the present page. */
  rows: Channel[] | undefined;
  found: number;
  page: number;
  isFiltered: boolean;
  error: unknown;
  retry: () => unknown;
  empty: ReactNode;
  onOpen: (channel: Channel) => void;
}

/** All channels as a table, for finding and for changing many at once. */
export function ChannelTable({ channels, rows, found, page, onOpen, ...rest }: TableProps) {
  const mayChange = useMayChange();
  const shares = useMemo(() => sharesOf(channels ?? []), [channels]);
  const columns = useColumns(shares);
  const [ids, setIds] = useState<string[]>([]);
  const selected = (channels ?? []).filter((channel) => ids.includes(channel.id));
  return (
    <>
      {selected.length > 0 && <Many selected={selected} onDone={() => setIds([])} />}
      <Rows
        rows={rows}
        columns={columns}
        id={(channel) => channel.id}
        first="-priority"
        onOpen={onOpen}
        selection={
          mayChange
            ? { selected, onChange: (records) => setIds(records.map((channel) => channel.id)) }
            : undefined
        }
        paging={{ page, found }}
        minWidth={1320}
        {...rest}
      />
    </>
  );
}

function useColumns(shares: Map<string, number>): Column<Channel>[] {
  const { t } = useTranslation("channels");
  const format = useFormat();
  const number = (accessor: "priority" | "weight"): Column<Channel> => ({
    accessor,
    title: t(`column.${accessor}`),
    textAlign: "right",
    sortable: true,
    render: (channel) => <span className="numbers">{format.number(channel[accessor])}</span>,
  });
  return [
    {
      accessor: "name",
      title: t("column.name"),
      sortable: true,
      render: (channel) => <NameLink page="channels" id={channel.id} name={channel.name} />,
    },
    {
      accessor: "status",
      title: t("column.status"),
      sortable: true,
      width: 130,
      render: (channel) => <Status state={stateOf(channel)} />,
    },
    number("priority"),
    number("weight"),
    {
      accessor: "share",
      title: t("column.share"),
      textAlign: "right",
      render: (channel) => <span className="numbers">{format.percent(shares.get(channel.id) ?? 0)}</span>,
    },
    {
      accessor: "backends",
      title: t("column.backends"),
      textAlign: "right",
      sortable: true,
      render: ({ backends }) => (
        <span className="numbers">
          {backends.filter((backend) => backend.enabled && backend.healthy).length} / {backends.length}
        </span>
      ),
    },
    {
      accessor: "load",
      title: t("column.load"),
      textAlign: "right",
      sortable: true,
      render: (channel) => (
        <span className="numbers">
          <Load running={channel.currentConcurrent} cap={channel.maxConcurrent} />
        </span>
      ),
    },
    {
      accessor: "models",
      title: t("column.models"),
      width: 210,
      render: (channel) => <Chips names={channel.models} none={t("allModels")} />,
    },
    {
      accessor: "tags",
      title: t("column.tags"),
      render: (channel) => <Chips names={channel.tags} none="–" />,
    },
    {
      accessor: "requests",
      title: t("column.requests"),
      textAlign: "right",
      sortable: true,
      render: (channel) => <span className="numbers">{format.short(channel.totalRequests)}</span>,
    },
    {
      accessor: "lastUsed",
      title: t("column.lastUsed"),
      sortable: true,
      render: (channel) => <Ago at={channel.lastUsed} size="sm" />,
    },
  ];
}

/** What can be done with several at once. */
function Many({ selected, onDone }: { selected: Channel[]; onDone: () => void }) {
  const { t } = useTranslation("channels");
  const count = selected.length;
  return (
    <Bulk
      selected={selected}
      call={(action, ids) => data(api.POST("/admin/api/channels/bulk", { body: { ids, action } }))}
      stale={[["channels"]]}
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
