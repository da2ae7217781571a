import { Alert, Button, Card, Stack, Text, Title } from "@mantine/core";
import { IconDownload, IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../../api/client";
import { CodeBlock } from "../../parts/CodeBlock";
import { useFormat } from "../../parts/format";
import { useChange } from "../../parts/useChange";

/** The name that the gateway gives a download. */
function nameOf(response: Response): string {
  const said = response.headers.get("content-disposition") ?? "";
  return /filename="([^"]+)"/.exec(said)?.[1] ?? "ollama2openai.db";
}

/** Hands a file to the browser's downloads. */
function deliver(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A copy of the database, and what must be known of it. */
export function Backup() {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const download = useChange({
    call: async () => {
      const { data: blob, response } = await api.POST("/admin/api/backup", { parseAs: "blob" });
      if (!blob) throw new ApiError(0, null, null);
      const name = nameOf(response);
      deliver(blob, name);
      return { name, size: format.bytes(blob.size) };
    },
    stale: [],
    done: (file) => t("backup.done", file),
  });
  return (
    <Stack gap="md">
      <div>
        <Title order={2} size="h3">
          {t("group.backup")}
        </Title>
        <Text size="sm" c="dimmed">
          {t("backup.purpose")}
        </Text>
      </div>
      <Card withBorder p="md">
        <Stack gap="sm" align="flex-start">
          <Alert color="orange" icon={<IconKey />} title={t("backup.key")} w="100%">
            {t("backup.keyHint")}
          </Alert>
          <Text size="sm">{t("backup.size")}</Text>
          <Button
            leftSection={<IconDownload size={16} />}
            loading={download.isPending}
            onClick={() => download.mutate()}
          >
            {t("backup.download")}
          </Button>
          <Text size="sm" mt="xs">
            {t("backup.restore")}
          </Text>
          <Stack w="100%">
            <CodeBlock code="ollama2openai restore FILE" />
          </Stack>
        </Stack>
      </Card>
    </Stack>
  );
}
