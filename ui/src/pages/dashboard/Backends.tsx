import { Anchor, Progress, Table, Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { nameWithin } from "../../parts/backend";
import { useFormat } from "../../parts/format";
import { type State, Status } from "../../parts/Status";
import { logsOf } from "./links";
import { Panel } from "./Panel";
import { type Full, useChannelNames } from "./queries";
import { RowName } from "./UseTable";

type Backend = Full["backends"]["list"][number];

const STATES: Record<Backend["state"], State> = {
  up: "healthy",
  cooling: "cooling",
  half_open: "halfOpen",
  down: "down",
  unknown: "unknown",
};
/** The gateway lists those first that want a look most. */
const FIRST = 10;

/** How the backends stand, and how much of the work each does. */
export function Backends({ full }: { full: Full }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const { total, states, list } = full.backends;
  const all = t("backend.all", { n: format.number(total), up: format.number(states.up) });
  const title = t("backend.title");
  const shown = list.slice(0, FIRST);
  const channels = useChannelNames(shown.some(({ channelId }) => channelId !== null));
  return (
    <Panel
      title={title}
      side={
        <Anchor component={Link} href={list.some((one) => one.channelId) ? "/channels" : "/keys"} size="xs">
          {all}
        </Anchor>
      }
    >
      <Table.ScrollContainer minWidth={480} type="native">
        <Table
          aria-label={title}
          verticalSpacing={6}
          highlightOnHover
          className="numbers"
          style={{ whiteSpace: "nowrap" }}
        >
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("backend.name")}</Table.Th>
              <Table.Th>{t("backend.state")}</Table.Th>
              <Table.Th ta="right">{t("backend.inFlight")}</Table.Th>
              <Table.Th ta="right">{t("backend.latency")}</Table.Th>
              <Table.Th ta="right" colSpan={2}>
                {t("backend.share")}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((backend) => (
              <Row
                key={backend.id}
                backend={backend}
                name={nameWithin(channels?.get(backend.channelId ?? ""), backend.name)}
                full={full}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

function Row({ backend, name, full: { range } }: { backend: Backend; name: string; full: Full }) {
  const { t: common } = useTranslation();
  const format = useFormat();
  const [, go] = useLocation();
  const { top, rest } = range.byBackend;
  const use = top.find(({ id }) => id === backend.id);
  const all = top.reduce((sum, { id, requests }) => sum + (id ? requests : 0), rest.requests);
  const share = all > 0 ? (use?.requests ?? 0) / all : 0;
  const p95 = use?.latency.p95 ?? null;
  const cap = backend.maxConcurrent > 0 ? format.number(backend.maxConcurrent) : common("backend.noCap");
  const href = logsOf({ backend: backend.id, since: range.byStart });
  return (
    <Table.Tr onClick={() => go(href)} style={{ cursor: "pointer" }}>
      <Table.Td maw={0} w="45%" miw={120}>
        <RowName name={name} href={href} />
      </Table.Td>
      <Table.Td>
        <Tooltip label={backend.lastError} disabled={!backend.lastError} multiline maw={360}>
          <Status state={STATES[backend.state]} miw="max-content" />
        </Tooltip>
      </Table.Td>
      <Table.Td ta="right">
        {format.number(backend.currentConcurrent)} / {cap}
      </Table.Td>
      <Table.Td ta="right">{p95 === null ? "–" : format.ms(p95)}</Table.Td>
      <Table.Td miw={40} w="12%">
        <Progress value={share * 100} size="md" aria-label={format.pair(name, format.percent(share))} />
      </Table.Td>
      <Table.Td ta="right">
        <Text size="sm">{format.percent(share)}</Text>
      </Table.Td>
    </Table.Tr>
  );
}
