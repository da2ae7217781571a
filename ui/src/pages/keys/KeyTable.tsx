import { Badge, Box, Code, Group, Text, Tooltip } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Key } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { Bulk } from "../../parts/Bulk";
import { hasKey, hostOf, Load, stateOfBackend } from "../../parts/backend";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { type Column, Rows } from "../../parts/Rows";
import { Status } from "../../parts/Status";
import { failureRate } from "./values";

/** Columns that few look at often: there where the screen has room for them, and in the drawer. */
const RARE = ["lastUsed", "tokens", "priority", "weight", "added"];
const WIDE = "(min-width: 1680px)";
/** Where the models have room, too. */
const ROOMY = "(min-width: 1360px)";
/** As many names of models as a tooltip tells. */
const NAMED = 20;

/** Failures beyond this part of all requests are marked. */
const TOO_MANY = 0.2;

interface TableProps {
  /** All of them. */
  keys: Key[] | undefined;
  /** Those of the present page. */
  rows: Key[] | undefined;
  paging: { page: number; found: number };
  isFiltered: boolean;
  error: unknown;
  retry: () => unknown;
  empty: ReactNode;
  onOpen: (key: Key) => void;
}

/** All keys, for finding and for changing many at once. */
export function KeyTable({ keys, ...rest }: TableProps) {
  const mayChange = useMayChange();
  const columns = useColumns();
  const [ids, setIds] = useState<string[]>([]);
  const selected = (keys ?? []).filter((key) => ids.includes(key.id));
  return (
    <>
      {selected.length > 0 && <Many selected={selected} onDone={() => setIds([])} />}
      <Rows
        columns={columns}
        id={(key) => key.id}
        first="-added"
        selection={
          mayChange ? { selected, onChange: (records) => setIds(records.map((key) => key.id)) } : undefined
        }
        minWidth={960}
        {...rest}
      />
    </>
  );
}

/** What can be done with several at once. */
function Many({ selected, onDone }: { selected: Key[]; onDone: () => void }) {
  const { t } = useTranslation("keys");
  const count = selected.length;
  return (
    <Bulk
      selected={selected}
      call={(action, ids) => data(api.POST("/admin/api/keys/bulk", { body: { ids, action } }))}
      stale={[["keys"], ["models"]]}
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

function useColumns(): Column<Key>[] {
  const { t } = useTranslation("keys");
  const format = useFormat();
  const title = (accessor: "name" | "status" | "url" | "lastUsed" | "added", render: Column<Key>["render"]) =>
    ({ accessor, title: t(`column.${accessor}`), sortable: true, render }) as Column<Key>;
  const number = (
    accessor: "running" | "latency" | "models" | "requests" | "failures" | "tokens" | "priority" | "weight",
    show: (key: Key) => ReactNode,
  ): Column<Key> => ({
    accessor,
    title: t(`column.${accessor}`),
    textAlign: "right",
    sortable: true,
    noWrap: true,
    render: (key) => <span className="numbers">{show(key)}</span>,
  });
  const columns: Column<Key>[] = [
    title("name", (key) => <Named shown={key} />),
    title("status", (key) => <Status state={stateOfBackend(key)} />),
    title("url", ({ baseUrl }) => (
      <Tooltip label={baseUrl}>
        <Text size="sm" truncate maw={150} tabIndex={0}>
          {hostOf(baseUrl)}
        </Text>
      </Tooltip>
    )),
    number("running", (key) => <Load running={key.currentConcurrent} cap={key.maxConcurrent} />),
    number("latency", ({ latencyMs }) => (latencyMs == null ? "–" : format.ms(latencyMs))),
    { accessor: "error", title: t("column.error"), render: (key) => <LastError of={key} /> },
    { ...number("models", (key) => <Models of={key} />), visibleMediaQuery: ROOMY },
    number("requests", (key) => format.short(key.totalRequests)),
    number("failures", (key) => <Failures of={key} />),
    number("tokens", (key) => format.short(key.totalTokens)),
    title("lastUsed", (key) => <Ago at={key.lastUsed} size="sm" />),
    number("priority", (key) => format.number(key.priority)),
    number("weight", (key) => format.number(key.weight)),
    title("added", (key) => <Ago at={key.addedAt} size="sm" />),
  ];
  return columns.map((column) =>
    RARE.includes(String(column.accessor)) ? { ...column, visibleMediaQuery: WIDE } : column,
  );
}

function Named({ shown }: { shown: Key }) {
  const { t } = useTranslation("keys");
  return (
    <Box maw={240}>
      <NameLink page="keys" id={shown.id} name={shown.name} />
      {hasKey(shown.key) ? (
        <Code style={{ whiteSpace: "nowrap" }}>{shown.key}</Code>
      ) : (
        <Text size="xs" c="dimmed">
          {t("noKey")}
        </Text>
      )}
    </Box>
  );
}

/** How many failed, and which part of all that is; marked where it is much. */
export function Failures({ of }: { of: Key }) {
  const format = useFormat();
  const rate = failureRate(of);
  if (of.failedRequests === 0) return <>0</>;
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end" component="span">
      {format.short(of.failedRequests)}
      {rate > TOO_MANY ? (
        <Badge color="red" component="span" miw="max-content">
          {format.percent(rate)}
        </Badge>
      ) : (
        <Text component="span" size="xs" c="dimmed">
          {format.percent(rate)}
        </Text>
      )}
    </Group>
  );
}

/** How many models it has, with their names behind the number. */
function Models({ of: { inventory } }: { of: Key }) {
  const { t } = useTranslation();
  const format = useFormat();
  const models = inventory?.models;
  if (!models) return <>–</>;
  const more = models.length - NAMED;
  const names = [...models.slice(0, NAMED), ...(more > 0 ? [t("more", { count: more })] : [])];
  return (
    <Tooltip label={names.join(", ")} disabled={models.length === 0} multiline maw={360}>
      <span tabIndex={models.length > 0 ? 0 : undefined}>{format.number(models.length)}</span>
    </Tooltip>
  );
}

function LastError({ of }: { of: Key }) {
  const error = of.credentialLost ?? of.lastError;
  if (!error) return <Text size="sm">–</Text>;
  return (
    <>
      <Tooltip label={error} multiline maw={360}>
        <Text size="sm" truncate maw={140} tabIndex={0} c="var(--mantine-color-error)">
          {error}
        </Text>
      </Tooltip>
      {of.lastErrorAt && <Ago at={of.lastErrorAt} size="xs" />}
    </>
  );
}
