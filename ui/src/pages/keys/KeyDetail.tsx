import { Alert, Anchor, Button, Code, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Key } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { Held, hasKey, Load, stateOfBackend } from "../../parts/backend";
import { confirm } from "../../parts/confirm";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { Names } from "../../parts/Names";
import { Status } from "../../parts/Status";
import { useCheck, useDelete, useReset, useTurn } from "./changes";
import { failureRate } from "./values";

interface DetailProps {
  shown: Key;
  onEdit: () => void;
  onClose: () => void;
}

/** Everything about one key, and what can be done with it. */
export function KeyDetail(props: DetailProps) {
  const { shown } = props;
  const { t } = useTranslation("keys");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  const turn = useTurn();
  const facts = useFacts(shown);
  const mapping = Object.entries(shown.modelMapping);
  return (
    <Stack>
      <Group justify="space-between">
        <Status state={stateOfBackend(shown)} size="lg" />
        {mayChange && (
          <Switch
            checked={shown.enabled}
            disabled={turn.isPending}
            onChange={(event) => turn.mutate({ key: shown, enabled: event.currentTarget.checked })}
            label={common("state.enabled")}
          />
        )}
      </Group>
      {mayChange && <Actions {...props} />}
      <Troubles of={shown} />
      <Facts facts={facts} />
      {mapping.length > 0 && (
        <div>
          <Title order={3} size="h5" mb={4}>
            {common("mapping.title")}
          </Title>
          <Facts facts={mapping.map(([from, to]) => [from, <Code key={from}>{to}</Code>])} />
        </div>
      )}
      <Anchor component={Link} href={`/logs?backend=${encodeURIComponent(shown.id)}`} size="sm">
        {t("detail.logs")}
      </Anchor>
    </Stack>
  );
}

function Troubles({ of }: { of: Key }) {
  const { t } = useTranslation("keys");
  return (
    <>
      {of.credentialLost && (
        <Alert color="red" icon={<IconAlertTriangle />} title={t("detail.lost")}>
          {of.credentialLost}
        </Alert>
      )}
      {of.lastError && (
        <Alert color={of.healthy ? "gray" : "red"} icon={<IconAlertTriangle />} title={t("column.error")}>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {of.lastError}
          </Text>
          {of.lastErrorAt && (
            <Text size="xs" c="dimmed">
              <Ago at={of.lastErrorAt} />
            </Text>
          )}
        </Alert>
      )}
    </>
  );
}

function useFacts(key: Key): [string, ReactNode][] {
  const { t } = useTranslation("keys");
  const { t: common } = useTranslation();
  const format = useFormat();
  const failed = t("detail.failed", {
    n: format.number(key.failedRequests),
    rate: format.percent(failureRate(key)),
  });
  return [
    [t("form.base"), <Code key="base">{key.baseUrl}</Code>],
    [t("form.key"), hasKey(key.key) ? <Code key="key">{key.key}</Code> : t("noKey")],
    [t("column.running"), <Load key="load" running={key.currentConcurrent} cap={key.maxConcurrent} />],
    [t("column.priority"), format.number(key.priority)],
    [t("column.weight"), format.number(key.weight)],
    [t("detail.serves"), <Names key="models" names={key.models} none={t("detail.allModels")} />],
    [t("detail.has"), <Held key="held" models={key.inventory?.models} at={key.lastCheck} />],
    [t("detail.version"), key.inventory?.version ?? common("state.unknown")],
    [t("detail.check"), <Ago key="check" at={key.lastCheck} />],
    [t("column.latency"), key.latencyMs == null ? "–" : format.ms(key.latencyMs)],
    [t("column.requests"), format.noted(format.number(key.totalRequests), failed)],
    [t("column.tokens"), format.number(key.totalTokens)],
    [t("column.lastUsed"), <Ago key="used" at={key.lastUsed} />],
    [t("form.group"), key.group || "–"],
    [t("form.tags"), <Names key="tags" names={key.tags} none="–" />],
    [t("column.added"), <Ago key="added" at={key.addedAt} />],
    [t("detail.id"), <Code key="id">{key.id}</Code>],
  ];
}

function Actions({ shown, onEdit, onClose }: DetailProps) {
  const { t } = useTranslation("keys");
  const { t: common } = useTranslation();
  const { id, name } = shown;
  const check = useCheck();
  const reset = useReset();
  const remove = useDelete(onClose);
  const ask = () =>
    confirm({
      title: t("do.deleteAsk", { name }),
      text: t("do.deleteHint"),
      verb: common("do.delete"),
      onConfirm: () => remove.mutate(id),
    });
  return (
    <Group gap="xs">
      <Button onClick={onEdit}>{common("do.edit")}</Button>
      <Button variant="default" onClick={() => check.mutate(id)} loading={check.isPending}>
        {t("check.one")}
      </Button>
      <Button variant="default" onClick={() => reset.mutate(id)} loading={reset.isPending}>
        {t("do.resetOne")}
      </Button>
      <Button variant="light" color="red" onClick={ask}>
        {common("do.delete")}
      </Button>
    </Group>
  );
}
