import { Alert, Button, Code, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiError, api, data, type Schemas } from "../../api/client";
import type { paths } from "../../api/schema";
import { hasKey } from "../../parts/backend";
import { Status } from "../../parts/Status";
import { useErrorText } from "../../parts/states";
import { type ChannelValues, lines } from "./values";

type Place = Pick<ChannelValues, "baseUrl" | "keys">;
type Seen =
  paths["/admin/api/channels/preview"]["post"]["responses"][200]["content"]["application/json"]["backends"][number];

interface PreviewProps {
  values: Place;
  /** Is told the models that were seen. */
  onTested: (models: string[]) => void;
}

/** Looks at what was typed before anything is stored. */
export function Preview({ values, onTested }: PreviewProps) {
  const { t } = useTranslation("channels");
  const test = useMutation({
    mutationFn: async ({ baseUrl, keys }: Place) =>
      (
        await data(
          api.POST("/admin/api/channels/preview", {
            body: { ...(baseUrl && { baseUrl }), keys: lines(keys) },
          }),
        )
      ).backends,
    onSuccess: (seen) => onTested([...new Set(seen.flatMap(({ models }) => models ?? []))].sort()),
  });
  const { baseUrl, keys } = values;
  const isStale =
    test.variables !== undefined && (test.variables.baseUrl !== baseUrl || test.variables.keys !== keys);
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Button variant="light" onClick={() => test.mutate({ baseUrl, keys })} loading={test.isPending}>
          {test.isIdle ? t("test.first") : t("test.again")}
        </Button>
        <Text size="xs" c="dimmed" flex={1} miw={160}>
          {isStale ? t("test.stale") : t("test.hint")}
        </Text>
      </Group>
      {test.isError && <Refused error={test.error} />}
      {test.data && <Result seen={test.data} />}
    </Stack>
  );
}

function Refused({ error }: { error: Error }) {
  const text = useErrorText();
  const fields = error instanceof ApiError ? Object.entries(error.fields) : [];
  return (
    <Alert color="red" role="alert">
      {fields.length > 0
        ? fields.map(([name, wrong]: [string, Schemas["Error"]["error"]]) => (
            <Text key={name} size="sm">
              {name}: {wrong}
            </Text>
          ))
        : text(error)}
    </Alert>
  );
}

function Result({ seen }: { seen: Seen[] }) {
  const { t } = useTranslation("channels");
  const isWell = seen.every(({ healthy }) => healthy);
  return (
    <Stack gap={6} role="status">
      {seen.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is made anew as a whole, and two may be the same
        <Paper key={at} withBorder p="xs">
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Text size="sm" truncate>
              {one.baseUrl} {hasKey(one.key) && <Code>{one.key}</Code>}
            </Text>
            <Status state={one.healthy ? "healthy" : "down"} flex="none" />
          </Group>
          <Text size="xs" c={one.healthy ? "dimmed" : "var(--mantine-color-error)"}>
            {one.healthy
              ? `${t("test.version", { version: one.version ?? "" })} · ${t("board.models", { count: one.models?.length ?? 0 })}`
              : one.error}
          </Text>
        </Paper>
      ))}
      <Text size="sm">{isWell ? t("test.allWell") : t("test.someIll")}</Text>
    </Stack>
  );
}
