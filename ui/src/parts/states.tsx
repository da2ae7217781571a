import { Alert, Button, Code, Group, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconAlertTriangle, IconInbox } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { refused } from "../i18n/refused.zh";

interface EmptyProps {
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
  /** 1 where no other heading is on the page. */
  order?: 1 | 3;
}

/** Nothing is there: says why, and what to do about it. */
export function Empty({ title, hint, action, order = 3 }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" maw={520} mx="auto">
      <ThemeIcon variant="light" color="gray" size={48} radius="xl" aria-hidden>
        <IconInbox size={26} stroke={1.5} />
      </ThemeIcon>
      <Title order={order} size="h4" ta="center">
        {title}
      </Title>
      {hint && (
        <Text c="dimmed" size="sm" ta="center" component="div" style={{ textWrap: "balance" }}>
          {hint}
        </Text>
      )}
      {action && <Group mt="xs">{action}</Group>}
    </Stack>
  );
}

/** What an error says to people, in their language where its code is known and no field is to be named. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (error instanceof ApiError && error.isLost) return t("error.lost");
    const known = i18n.language === "zh" && error instanceof ApiError && refused[error.code];
    if (known && Object.keys(error.fields).length === 0) return known;
    return error instanceof Error ? error.message : String(error);
  };
}

/** Something could not be loaded: why, and once more. */
export function Failed({ error, retry }: { error: unknown; retry: () => unknown }) {
  const { t } = useTranslation();
  const text = useErrorText();
  const isGone = error instanceof ApiError && error.status === 404;
  if (isGone) return <Empty title={t("error.gone")} hint={t("error.goneHint")} />;
  const id = error instanceof ApiError ? error.requestId : null;
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={t("error.load")} my="md" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{text(error)}</Text>
        {id && (
          <Text size="xs" c="dimmed">
            {t("error.id", { id: "" })}
            <Code>{id}</Code>
          </Text>
        )}
        <Button size="xs" variant="default" onClick={() => retry()}>
          {t("do.retry")}
        </Button>
      </Stack>
    </Alert>
  );
}
