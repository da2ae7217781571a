import { Anchor, Button, Code, Group, Menu, Stack, Switch, Title } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api, type Channel, data } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { Load } from "../../parts/backend";
import { confirm } from "../../parts/confirm";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { Names } from "../../parts/Names";
import { Status } from "../../parts/Status";
import { useChange } from "../../parts/useChange";
import { BackendList } from "./BackendList";
import { useReset, useTest, useTurn } from "./changes";
import { shareOf, stateOf, weightsOf } from "./shares";

interface DetailProps {
  channel: Channel;
  /** All, for its share. */
  channels: Channel[];
  onEdit: () => void;
  onShare: () => void;
  onClose: () => void;
}

/** Everything about one channel, and what can be done with it. */
export function ChannelDetail(props: DetailProps) {
  const { channel } = props;
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  const turn = useTurn();
  const facts = useFacts(props);
  const mapping = Object.entries(channel.modelMapping);
  return (
    <Stack>
      <Group justify="space-between">
        <Status state={stateOf(channel)} size="lg" />
        {mayChange && (
          <Switch
            checked={channel.enabled}
            disabled={turn.isPending}
            onChange={(event) => turn.mutate({ channel, enabled: event.currentTarget.checked })}
            label={common("state.enabled")}
          />
        )}
      </Group>
      {mayChange && <Actions {...props} />}
      <Facts facts={facts} />
      {mapping.length > 0 && (
        <div>
          <Title order={3} size="h5" mb={4}>
            {t("detail.mapping")}
          </Title>
          <Facts facts={mapping.map(([from, to]) => [from, <Code key={from}>{to}</Code>])} />
        </div>
      )}
      <BackendList backends={channel.backends} />
      <Anchor component={Link} href={`/logs?channel=${encodeURIComponent(channel.id)}`} size="sm">
        {t("detail.logs")}
      </Anchor>
    </Stack>
  );
}

function useFacts({ channel, channels }: DetailProps): [string, ReactNode][] {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const format = useFormat();
  const { priority, maxConcurrent, rateLimit } = channel;
  const tier = channels.filter((other) => other.priority === priority);
  const share = format.percent(shareOf(channel, weightsOf(tier)));
  const limits = [
    maxConcurrent > 0 && t("detail.concurrent", { n: format.number(maxConcurrent) }),
    rateLimit && common("unit.perMinute", { n: format.number(rateLimit) }),
  ].filter((limit) => limit !== false && limit !== null && limit !== 0);
  const requests = format.number(channel.totalRequests);
  return [
    [t("detail.base"), <Code key="base">{channel.baseUrl}</Code>],
    [t("detail.traffic"), t("detail.place", { share, priority, weight: format.number(channel.weight) })],
    [t("column.models"), <Names key="models" names={channel.models} none={t("allModels")} />],
    [t("detail.limits"), limits.length > 0 ? format.parts(limits) : common("unlimited")],
    [t("detail.running"), <Load key="load" running={channel.currentConcurrent} cap={maxConcurrent} />],
    [
      t("detail.requests"),
      format.noted(requests, t("detail.failed", { n: format.number(channel.failedRequests) })),
    ],
    [t("column.tokens"), format.number(channel.totalTokens)],
    [t("column.lastUsed"), <Ago key="used" at={channel.lastUsed} />],
    [t("column.tags"), <Names key="tags" names={channel.tags} none="–" />],
    [t("column.created"), <Ago key="created" at={channel.createdAt} />],
    [t("detail.id"), <Code key="id">{channel.id}</Code>],
  ];
}

function Actions({ channel, onEdit, onShare, onClose }: DetailProps) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const { id, name } = channel;
  const test = useTest();
  const reset = useReset();
  const remove = useChange({
    call: () => data(api.DELETE("/admin/api/channels/{id}", { params: { path: { id } } })),
    stale: [["channels", "list"]],
    done: common("deleted"),
    onDone: onClose,
  });
  const ask = () =>
    confirm({
      title: t("do.deleteAsk", { name }),
      text: t("do.deleteHint"),
      verb: common("do.delete"),
      onConfirm: () => remove.mutate(),
    });
  return (
    <Group gap="xs">
      <Button onClick={onEdit}>{common("do.edit")}</Button>
      <Button variant="default" onClick={() => test.mutate(id)} loading={test.isPending}>
        {t("test.one")}
      </Button>
      <Button variant="default" onClick={onShare}>
        {t("board.weight")}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />}>
            {common("list.actions")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => reset.mutate(id)}>{t("do.reset")}</Menu.Item>
          <Menu.Item color="red" onClick={ask}>
            {common("do.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
