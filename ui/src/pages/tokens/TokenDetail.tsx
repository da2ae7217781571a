import { Alert, Anchor, Button, Code, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api, data, type Token } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { confirm } from "../../parts/confirm";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { Status } from "../../parts/Status";
import { useChange } from "../../parts/useChange";
import { useMeaning } from "./meaning";
import { Quota } from "./TokenTable";
import { TokenUsage } from "./TokenUsage";
import { toValues } from "./values";

interface TokenDetailProps {
  token: Token;
  onEdit: () => void;
  onSecret: (token: Token) => void;
  onClose: () => void;
}

/** Everything about one token, and what can be done with it. */
export function TokenDetail({ token, onEdit, onSecret, onClose }: TokenDetailProps) {
  const { t } = useTranslation("tokens");
  const format = useFormat();
  const meaning = useMeaning();
  const mayChange = useMayChange();
  const facts: [string, React.ReactNode][] = [
    [t("column.token"), <Code key="token">{token.token}</Code>],
    [t("detail.id"), <Code key="id">{token.id}</Code>],
    [t("column.created"), <Ago key="created" at={token.createdAt} />],
    [t("column.lastUsed"), <Ago key="used" at={token.lastUsed} />],
    [t("column.expires"), token.expiresAt ? <Ago key="ends" at={token.expiresAt} /> : t("neverExpires")],
    [
      t("detail.requests"),
      format.noted(
        format.number(token.totalRequests),
        t("detail.failed", { n: format.number(token.failedRequests) }),
      ),
    ],
    [t("column.total"), format.number(token.totalTokens)],
  ];
  return (
    <Stack>
      <Group justify="space-between">
        <Status state={token.status} size="lg" />
        {mayChange && <OnOff token={token} />}
      </Group>
      {mayChange && <Actions token={token} onEdit={onEdit} onSecret={onSecret} onClose={onClose} />}
      {token.weak && <Alert color="orange">{t("weak")}</Alert>}
      {token.note && <Text size="sm">{token.note}</Text>}
      <Text size="sm">{meaning(toValues(token))}</Text>
      <Facts facts={facts} />
      <div>
        <Title order={3} size="h5" mb={4}>
          {t("detail.quota")}
        </Title>
        <Quota token={token} />
        {token.quotaResetAt && (
          <Text size="xs" c="dimmed">
            {t("detail.resets", { when: format.ago(token.quotaResetAt) })}
          </Text>
        )}
      </div>
      <TokenUsage id={token.id} />
      <Anchor component={Link} href={`/logs?token=${encodeURIComponent(token.id)}`} size="sm">
        {t("detail.logs")}
      </Anchor>
    </Stack>
  );
}

function OnOff({ token }: { token: Token }) {
  const { t } = useTranslation("tokens");
  const { t: common } = useTranslation();
  const turn = (enabled: boolean) =>
    data(api.PUT("/admin/api/tokens/{id}", { params: { path: { id: token.id } }, body: { enabled } }));
  const change = useChange({
    call: turn,
    stale: [["tokens"]],
    done: token.enabled ? t("do.disabled", { count: 1 }) : t("do.enabled", { count: 1 }),
    undo: (_, enabled) => turn(!enabled),
  });
  return (
    <Switch
      checked={token.enabled}
      disabled={change.isPending}
      onChange={(event) => change.mutate(event.currentTarget.checked)}
      label={common("state.enabled")}
    />
  );
}

function Actions({ token, onEdit, onSecret, onClose }: TokenDetailProps) {
  const { t } = useTranslation("tokens");
  const { t: common } = useTranslation();
  const params = { path: { id: token.id } };
  const stale = [["tokens"]];
  const regenerate = useChange({
    call: async () => (await data(api.POST("/admin/api/tokens/{id}/regenerate", { params }))).token,
    stale,
    onDone: onSecret,
  });
  const reset = useChange({
    call: () => data(api.POST("/admin/api/tokens/{id}/reset-quota", { params })),
    stale,
    done: t("do.resetDone"),
  });
  const remove = useChange({
    call: () => data(api.DELETE("/admin/api/tokens/{id}", { params })),
    stale: [["tokens", "list"]],
    done: common("deleted"),
    onDone: onClose,
  });
  const { name } = token;
  const ask = (title: string, text: string, verb: string, onConfirm: () => void) =>
    confirm({ title, text, verb, onConfirm });
  return (
    <Group gap="xs">
      <Button onClick={onEdit}>{common("do.edit")}</Button>
      <Button
        variant="default"
        onClick={() =>
          ask(t("do.regenerateAsk", { name }), t("do.regenerateHint"), t("do.regenerate"), () =>
            regenerate.mutate(),
          )
        }
      >
        {t("do.regenerate")}
      </Button>
      <Button variant="default" onClick={() => reset.mutate()} loading={reset.isPending}>
        {t("do.resetQuota")}
      </Button>
      <Button
        variant="light"
        color="red"
        onClick={() =>
          ask(t("do.deleteAsk", { name }), t("do.deleteHint"), common("do.delete"), () => remove.mutate())
        }
      >
        {common("do.delete")}
      </Button>
    </Group>
  );
}
