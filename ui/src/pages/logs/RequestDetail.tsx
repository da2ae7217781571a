import { Alert, Anchor, Badge, Code, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useMayChange } from "../../api/queries";
import { Copy } from "../../parts/Copy";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { OutcomeBadge } from "../../parts/Outcome";
import { Captured } from "./Captured";
import { curlOf } from "./curl";
import { tokens } from "./RequestTable";
import type { LogRecord } from "./record";
import { Timeline } from "./Timeline";

/** Everything about one request. */
export function RequestDetail({ record }: { record: LogRecord }) {
  const { t } = useTranslation("logs");
  const mayChange = useMayChange();
  const [captured, capture] = useState<string>();
  const facts = useFacts(record);
  return (
    <Stack>
      <Group gap="xs">
        <OutcomeBadge outcome={record.outcome} size="lg" />
        {record.status !== null && (
          <Badge color="gray" size="lg">
            {record.status}
          </Badge>
        )}
        {record.stream && (
          <Badge color="gray" size="lg" tt="none">
            {t("stream")}
          </Badge>
        )}
        {record.isImported && (
          <Badge color="gray" size="lg" tt="none">
            {t("imported")}
          </Badge>
        )}
      </Group>
      {record.error && (
        <Alert color={record.outcome === "ok" ? "gray" : "orange"} title={record.errorKind} p="xs">
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {record.error}
          </Text>
        </Alert>
      )}
      <Timeline record={record} />
      <Facts facts={facts} />
      <Same record={record} />
      <Group gap="xs">
        {record.id && <Copy text={record.id} label={t("do.copyId")} />}
        <Copy text={curlOf(record, captured)} label={t(captured ? "do.curlCaptured" : "do.curl")} />
      </Group>
      {mayChange && record.tokenId && record.id && <Captured id={record.id} onShown={capture} />}
    </Stack>
  );
}

function useFacts(record: LogRecord): [string, React.ReactNode][] {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const named = (name: string, id: string) =>
    name === id || !name || !id ? (
      name || id
    ) : (
      <>
        {name} <Code>{id}</Code>
      </>
    );
  const ms = (value: number | null) => (value === null ? "" : format.ms(value));
  const model = record.servedModel ? `${record.model} → ${record.servedModel}` : record.model;
  const used = tokens(format, record);
  const facts: [string, React.ReactNode][] = [
    [t("column.time"), record.timestamp && format.moment(record.timestamp)],
    [t("detail.id"), record.id && <Code key="id">{record.id}</Code>],
    [t("detail.seq"), record.key === record.id ? "" : record.key],
    [t("detail.endpoint"), record.endpoint && <Code key="endpoint">{record.endpoint}</Code>],
    [t("column.model"), model],
    [t("column.token"), named(record.tokenName, record.tokenId)],
    [t("detail.address"), record.ip],
    [t("column.backend"), named(record.backendName, record.backendId)],
    [t("column.channel"), named(record.channelName, record.channelId)],
    [
      t("column.tokens"),
      used === "–"
        ? ""
        : format.noted(
            used,
            t("detail.total", { n: format.number(record.promptTokens + record.completionTokens) }),
          ),
    ],
    [t("detail.cached"), record.cachedTokens ? format.number(record.cachedTokens) : ""],
    [t("detail.source"), usage(t, record.usageSource)],
    [t("column.firstToken"), ms(record.firstTokenMs)],
    [t("column.total"), ms(record.duration)],
    [t("detail.queue"), record.queueMs ? ms(record.queueMs) : ""],
    [t("detail.own"), record.ownMs === null ? "" : t("detail.fine", { n: format.number(record.ownMs) })],
    [t("detail.gpu"), ms(record.gpuMs)],
  ];
  return facts.filter(([, value]) => value !== "" && value !== undefined);
}

const SOURCES = ["measured", "partial", "estimated"] as const;

function usage(t: ReturnType<typeof useTranslation<"logs">>["t"], source: string): string {
  const known = SOURCES.find((name) => name === source);
  return known ? t(`source.${known}`) : source;
}

/** Lists of what has something in common with this one. */
function Same({ record }: { record: LogRecord }) {
  const { t } = useTranslation("logs");
  const same = {
    token: record.tokenId,
    model: record.model,
    backend: record.backendId || record.backendName,
    channel: record.channelId,
    ip: record.ip,
  };
  return (
    <Group gap="md">
      {(Object.keys(same) as (keyof typeof same)[])
        .filter((name) => same[name] !== "")
        .map((name) => (
          <Anchor
            key={name}
            component={Link}
            href={`/logs?${new URLSearchParams({ [name]: same[name] })}`}
            size="sm"
          >
            {t(`same.${name}`)}
          </Anchor>
        ))}
    </Group>
  );
}
