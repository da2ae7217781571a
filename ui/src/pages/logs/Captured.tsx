import { Alert, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, type Schemas } from "../../api/client";
import { CodeBlock } from "../../parts/CodeBlock";
import { useFormat } from "../../parts/format";
import { Failed } from "../../parts/states";
import { useCapture } from "./queries";

/** What was captured of a request, when somebody asks for it: the audit tells of the look. */
export function Captured({ id, onShown }: { id: string; onShown: (request: string) => void }) {
  const { t } = useTranslation("logs");
  const [isAsked, ask] = useState(false);
  const capture = useCapture(id, isAsked);
  const request = capture.data?.request;
  useEffect(() => {
    if (request !== undefined) onShown(request);
  }, [request, onShown]);
  if (capture.data) return <CaptureTexts capture={capture.data} />;
  if (isAsked && capture.isPending) return <Skeleton h={120} />;
  if (capture.error instanceof ApiError && capture.error.status === 404)
    return <Alert color="gray">{t("capture.none")}</Alert>;
  if (capture.isError) return <Failed error={capture.error} retry={capture.refetch} />;
  return (
    <Group gap="xs">
      <Button variant="default" size="xs" leftSection={<IconEye size={14} />} onClick={() => ask(true)}>
        {t("capture.show")}
      </Button>
      <Text size="xs" c="dimmed">
        {t("capture.audited")}
      </Text>
    </Group>
  );
}

/** A JSON text with its lines; another one as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** What was asked and what was answered. */
export function CaptureTexts({ capture }: { capture: Schemas["Capture"] }) {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const texts = [
    { name: "request", text: capture.request, bytes: capture.requestBytes, isCut: capture.requestIsCut },
    { name: "response", text: capture.response, bytes: capture.responseBytes, isCut: capture.responseIsCut },
  ] as const;
  return (
    <Stack>
      <Text size="xs" c="dimmed">
        {t("capture.redacted")}
      </Text>
      {texts.map(({ name, text, bytes, isCut }) => (
        <section key={name}>
          <Group justify="space-between" mb={4}>
            <Title order={3} size="h5">
              {t(`capture.${name}`)}
            </Title>
            <Text size="xs" c="dimmed" className="numbers">
              {isCut ? t("capture.cut", { size: format.bytes(bytes) }) : format.bytes(bytes)}
            </Text>
          </Group>
          <CodeBlock code={pretty(text)} isWrapped />
        </section>
      ))}
    </Stack>
  );
}
