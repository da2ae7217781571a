import { Alert, Button, Code, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Backend } from "../../api/client";
import { Ago } from "../../parts/Ago";
import { Held, hasKey, Load, stateOfBackend } from "../../parts/backend";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { Status } from "../../parts/Status";

/** Backends that are shown at first. */
const SHOWN = 10;

/** The backends of a channel, with all that is known of each. */
export function BackendList({ backends }: { backends: Backend[] }) {
  const { t } = useTranslation("channels");
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? backends : backends.slice(0, SHOWN);
  return (
    <div>
      <Title order={3} size="h5" mb={4}>
        {t("detail.backends")}
      </Title>
      {backends.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("board.noBackends")}
        </Text>
      )}
      <Stack gap="xs">
        {shown.map((backend) => (
          <One key={backend.id} backend={backend} />
        ))}
        {shown.length < backends.length && (
          <Button variant="default" size="xs" onClick={() => setWhole(true)}>
            {t("detail.moreBackends", { count: backends.length })}
          </Button>
        )}
      </Stack>
    </div>
  );
}

function One({ backend }: { backend: Backend }) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const format = useFormat();
  const { inventory } = backend;
  const requests = format.number(backend.totalRequests);
  return (
    <Paper withBorder p="xs">
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Text size="sm" fw={500} style={{ overflowWrap: "anywhere" }}>
          {backend.baseUrl}
        </Text>
        <Status state={stateOfBackend(backend)} flex="none" />
      </Group>
      {backend.credentialLost && (
        <Alert color="red" mb={4} title={t("detail.lost")}>
          {backend.credentialLost}
        </Alert>
      )}
      {backend.lastError && (
        <Text size="sm" c="var(--mantine-color-error)" style={{ overflowWrap: "anywhere" }}>
          {format.pair(
            backend.lastErrorAt
              ? format.noted(t("detail.error"), format.ago(backend.lastErrorAt))
              : t("detail.error"),
            backend.lastError,
          )}
        </Text>
      )}
      <Facts
        facts={[
          [t("detail.key"), hasKey(backend.key) ? <Code key="key">{backend.key}</Code> : t("detail.noKey")],
          [
            t("detail.running"),
            <Load key="load" running={backend.currentConcurrent} cap={backend.maxConcurrent} />,
          ],
          [t("detail.weight"), format.number(backend.weight)],
          [t("detail.version"), inventory?.version ?? common("state.unknown")],
          [t("detail.latency"), backend.latencyMs == null ? "–" : format.ms(backend.latencyMs)],
          [t("detail.check"), <Ago key="check" at={backend.lastCheck} />],
          [
            t("detail.requests"),
            format.noted(requests, t("detail.failed", { n: format.number(backend.failedRequests) })),
          ],
          [t("detail.models"), <Held key="models" models={inventory?.models} at={backend.lastCheck} />],
        ]}
      />
    </Paper>
  );
}
