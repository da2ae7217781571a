import { Anchor, Code, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { SideDrawer } from "../../parts/SideDrawer";
import { Failed } from "../../parts/states";
import { useActionWord } from "./actions";
import { Changed, changesOf } from "./Changed";
import { type AuditEntry, useAuditEntry } from "./queries";

/** One change: who, when, from where, and what differs. */
export function AuditDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const word = useActionWord();
  const entry = useAuditEntry(id);
  return (
    <SideDrawer opened title={entry.data ? word(entry.data.action) : "…"} onClose={onClose} size={560}>
      {entry.isPending && <Skeleton h={320} />}
      {entry.isError && <Failed error={entry.error} retry={entry.refetch} />}
      {entry.data && <Detail entry={entry.data} />}
    </SideDrawer>
  );
}

function Detail({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const changes = changesOf(entry);
  const facts: [string, React.ReactNode][] = [
    [t("column.time"), format.moment(entry.timestamp)],
    [t("audit.actor"), entry.actor],
    [t("audit.action"), <Code key="action">{entry.action}</Code>],
    [t("audit.object"), entry.name],
    [t("audit.objectId"), entry.objectId && <Code key="object">{entry.objectId}</Code>],
    [t("detail.address"), entry.address],
    [t("detail.id"), entry.requestId && <Code key="request">{entry.requestId}</Code>],
  ];
  const object = entry.objectId && new URLSearchParams({ object: entry.objectId });
  return (
    <Stack>
      <Facts facts={facts.filter(([, value]) => value)} />
      <section>
        <Title order={3} size="h5" mb={6}>
          {t("audit.changes")}
        </Title>
        {changes.length > 0 ? (
          <Changed changes={changes} />
        ) : (
          <Text size="sm" c="dimmed">
            {t("audit.noChanges")}
          </Text>
        )}
      </section>
      {object && (
        <Anchor component={Link} href={`/logs/audit?${object}`} size="sm">
          {t("audit.same")}
        </Anchor>
      )}
    </Stack>
  );
}
