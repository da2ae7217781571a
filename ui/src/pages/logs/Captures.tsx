import { Anchor, Button, Group, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api, data } from "../../api/client";
import { confirm } from "../../parts/confirm";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { Rows } from "../../parts/Rows";
import { Empty } from "../../parts/states";
import { useChange } from "../../parts/useChange";
import { useCaptures, useIsCapturing } from "./queries";
import { Cut, moment } from "./RequestTable";

/** Requests that were captured with their answers; without a look at them nothing is asked. */
export function Captures({ onOpen }: { onOpen: (id: string) => void }) {
  const { t } = useTranslation("logs");
  const isCapturing = useIsCapturing();
  const [isAsked, ask] = useState(false);
  const isShown = isCapturing === true || isAsked;
  const list = useCaptures(isShown);
  if (isCapturing === false && !isAsked) {
    const action = (
      <>
        <Button component={Link} href="/settings?q=capture" size="xs">
          {t("capture.turnOn")}
        </Button>
        <Button variant="default" size="xs" onClick={() => ask(true)}>
          {t("capture.showKept")}
        </Button>
      </>
    );
    return <Empty title={t("capture.off")} hint={t("capture.offHint")} action={action} />;
  }
  return (
    <>
      <Group justify="space-between" mb="sm">
        <Text size="sm" c="dimmed">
          {t("capture.listAudited")}
        </Text>
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={() => list.refetch()} loading={list.isRefetching}>
            {t("capture.again")}
          </Button>
          <Clear isOff={!list.data?.length} />
        </Group>
      </Group>
      <List list={list} onOpen={onOpen} />
    </>
  );
}

function Clear({ isOff }: { isOff: boolean }) {
  const { t } = useTranslation("logs");
  const { t: common } = useTranslation();
  const clear = useChange({
    call: () => data(api.DELETE("/admin/api/captures")),
    stale: [["captures"]],
    done: common("deleted"),
  });
  const ask = () =>
    confirm({
      title: t("capture.clearAsk"),
      text: t("capture.clearHint"),
      verb: common("do.delete"),
      onConfirm: () => clear.mutate(),
    });
  return (
    <Button
      variant="light"
      color="red"
      size="xs"
      leftSection={<IconTrash size={14} />}
      onClick={ask}
      disabled={isOff}
    >
      {t("capture.clear")}
    </Button>
  );
}

function List({ list, onOpen }: { list: ReturnType<typeof useCaptures>; onOpen: (id: string) => void }) {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const right = { textAlign: "right" as const, cellsClassName: "numbers" };
  return (
    <Rows
      rows={list.data}
      id={(one) => one.id}
      error={list.error}
      retry={list.refetch}
      first=""
      isFiltered={false}
      empty={
        <Empty
          title={t("capture.empty")}
          hint={
            <>
              {t("capture.emptyHint")}{" "}
              <Anchor component={Link} href="/tokens" size="sm">
                {t("capture.toTokens")}
              </Anchor>
            </>
          }
        />
      }
      onOpen={(one) => onOpen(one.id)}
      columns={[
        {
          accessor: "timestamp",
          title: t("column.time"),
          render: (one) => <NameLink page="logs/captures" id={one.id} name={moment(format, one.timestamp)} />,
        },
        { accessor: "token", title: t("column.token"), render: (one) => one.tokenName ?? one.tokenId },
        {
          accessor: "model",
          title: t("column.model"),
          render: (one) => <Cut text={one.model} width={260} />,
        },
        { accessor: "endpoint", title: t("detail.endpoint") },
        {
          accessor: "requestBytes",
          title: t("capture.request"),
          ...right,
          render: (one) => format.bytes(one.requestBytes),
        },
        {
          accessor: "responseBytes",
          title: t("capture.response"),
          ...right,
          render: (one) => format.bytes(one.responseBytes),
        },
      ]}
    />
  );
}
