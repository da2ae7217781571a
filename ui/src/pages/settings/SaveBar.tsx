import { Button, Group, Paper, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { dropDrafts, useDrafts } from "./drafts";

/** How much is changed and not saved, and what can be done about it; stays in sight. */
export function SaveBar({ isChecking, review }: { isChecking: boolean; review: () => void }) {
  const { t } = useTranslation("settings");
  const { values, errors } = useDrafts();
  const count = Object.keys(values).length;
  if (count === 0) return null;
  return (
    <Paper withBorder shadow="md" p="sm" mt="md" pos="sticky" bottom={0} style={{ zIndex: 10 }}>
      <Group gap="xs">
        <Text size="sm" fw={500} role="status" flex="1 0 auto">
          {t("changes", { count })}
        </Text>
        <Group gap="xs" wrap="nowrap" ml="auto">
          <Button variant="default" onClick={dropDrafts}>
            {t("discard")}
          </Button>
          <Button onClick={review} loading={isChecking}>
            {t("review.open")}
          </Button>
        </Group>
      </Group>
      {Object.keys(errors).length > 0 && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert" mt={4}>
          {t("review.fields")}
        </Text>
      )}
    </Paper>
  );
}
