import { Group, Text } from "@mantine/core";
import { IconBroadcast } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { type Formats, useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { OutcomeBadge } from "../../parts/Outcome";
import { type Column, Rows } from "../../parts/Rows";
import type { LogRecord } from "./record";

interface RequestTableProps<T extends LogRecord> {
  rows: T[] | undefined;
  id: (record: T) => string;
  error?: unknown;
  retry: () => unknown;
  isFiltered: boolean;
  empty: ReactNode;
  onOpen: (record: T) => void;
  more?: { has: boolean; load: () => void; isLoading: boolean };
}

/** Requests, the newest first: one line each. */
export function RequestTable<T extends LogRecord>(props: RequestTableProps<T>) {
  const columns = useColumns();
  return <Rows<T> {...props} columns={columns as Column<T>[]} first="" minWidth={960} />;
}

/** Many rows are shown at once, so that their texts are plain ones: what is cut is told by `title`. */
export function Cut({ text, width = 150 }: { text: string; width?: number }) {
  return (
    <Text size="sm" truncate maw={width} title={text}>
      {text || "–"}
    </Text>
  );
}

/** The time of day; the day too, if it is another one. */
export function moment(format: Formats, at: string): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return isToday ? format.clock(at) : format.moment(at);
}

function useColumns(): Column<LogRecord>[] {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const right = { textAlign: "right" as const, noWrap: true };
  const columns: Column<LogRecord>[] = [
    {
      accessor: "timestamp",
      title: t("column.time"),
      render: (one) => <NameLink page="logs" id={one.key} name={at(format, one)} />,
    },
    {
      accessor: "outcome",
      title: t("column.outcome"),
      render: (one) => <OutcomeBadge outcome={one.outcome} />,
    },
    {
      accessor: "tokenName",
      title: t("column.token"),
      render: (one) => <Cut text={one.tokenName || one.tokenId} width={90} />,
    },
    { accessor: "model", title: t("column.model"), render: (one) => <Model of={one} /> },
    { accessor: "status", title: t("column.status"), ...right, render: (one) => one.status ?? "–" },
    {
      accessor: "firstTokenMs",
      title: t("column.firstToken"),
      ...right,
      render: (one) => (one.firstTokenMs === null ? "–" : format.ms(one.firstTokenMs)),
    },
    { accessor: "duration", title: t("column.total"), ...right, render: (one) => format.ms(one.duration) },
    { accessor: "tokens", title: t("column.tokens"), ...right, render: (one) => tokens(format, one) },
    {
      accessor: "backendName",
      title: t("column.backend"),
      render: (one) => <Cut text={one.backendName} width={100} />,
    },
    {
      accessor: "channelName",
      title: t("column.channel"),
      render: (one) => <Cut text={one.channelName} width={90} />,
    },
  ];
  return columns.map((column) => ({ ...column, cellsClassName: "numbers" }));
}

const at = (format: Formats, { timestamp, id }: LogRecord) => (timestamp ? moment(format, timestamp) : id);

export function tokens(format: Formats, one: LogRecord): string {
  const isUsed = one.promptTokens + one.completionTokens > 0;
  return isUsed ? `${format.number(one.promptTokens)} → ${format.number(one.completionTokens)}` : "–";
}

/** What the client named, what served if that is another, and whether it was a stream. */
function Model({ of: { model, servedModel, stream } }: { of: LogRecord }) {
  const { t } = useTranslation("logs");
  return (
    <Group gap={4} wrap="nowrap">
      <div>
        <Cut text={model} width={140} />
        {servedModel && <Cut text={`→ ${servedModel}`} width={140} />}
      </div>
      {stream && (
        <IconBroadcast size={14} role="img" aria-label={t("stream")} opacity={0.7}>
          <title>{t("stream")}</title>
        </IconBroadcast>
      )}
    </Group>
  );
}
