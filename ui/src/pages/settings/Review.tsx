import { Alert, Button, Code, Group, List, Stack, Table, Text } from "@mantine/core";
import { IconAlertTriangle, IconUsersGroup } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Setting } from "../../api/client";
import { useOrigin, useSettingTexts } from "./names";
import type { Saved } from "./queries";
import { useShown } from "./values";

interface ReviewProps {
  settings: Setting[];
  checked: Saved;
  /** Somebody else has saved after the check. */
  isLate: boolean;
  isChecking: boolean;
  isSaving: boolean;
  check: () => void;
  save: () => void;
  onClose: () => void;
}

/** What would change, as the gateway tells it, before it is saved. */
export function Review({ settings, checked, isLate, ...ways }: ReviewProps) {
  const { t } = useTranslation("settings");
  const { changes, warnings = [] } = checked;
  return (
    <Stack gap="md">
      {isLate && (
        <Alert color="orange" icon={<IconUsersGroup />} title={t("review.meanwhile")} role="alert">
          <Text size="sm" mb="xs">
            {t("review.meanwhileHint")}
          </Text>
          <Button size="xs" variant="default" loading={ways.isChecking} onClick={ways.check}>
            {t("review.again")}
          </Button>
        </Alert>
      )}
      {changes.length === 0 && <Text>{t("review.none")}</Text>}
      {changes.length > 0 && <Changes changes={changes} settings={settings} />}
      {warnings.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle />} title={t("review.warnings")}>
          <List size="sm">
            {warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={ways.onClose}>
          {t("review.back")}
        </Button>
        {changes.length > 0 && (
          <Button onClick={ways.save} loading={ways.isSaving} disabled={isLate} data-autofocus>
            {t("review.save", { count: changes.length })}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function Changes({ changes, settings }: { changes: Saved["changes"]; settings: Setting[] }) {
  const { t } = useTranslation("settings");
  const texts = useSettingTexts();
  const { shown } = useShown();
  const origin = useOrigin();
  const side = (name: string, { value, origin: from }: Saved["changes"][number]["before"]) => {
    const setting = settings.find((setting) => setting.name === name);
    return (
      <>
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {setting ? shown(setting, value) : value}
        </Text>
        <Text size="xs" c="dimmed">
          {origin(from)}
        </Text>
      </>
    );
  };
  return (
    <Table.ScrollContainer minWidth={320} type="native">
      <Table verticalSpacing="xs" className="numbers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("review.setting")}</Table.Th>
            <Table.Th>{t("review.before")}</Table.Th>
            <Table.Th>{t("review.after")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map(({ name, env, before, after }) => (
            <Table.Tr key={name}>
              <Table.Td style={{ verticalAlign: "top" }}>
                <Text size="sm" fw={500}>
                  {texts.label({ name })}
                </Text>
                <Code fz="xs" style={{ overflowWrap: "anywhere" }}>
                  {env}
                </Code>
              </Table.Td>
              <Table.Td style={{ verticalAlign: "top" }}>{side(name, before)}</Table.Td>
              <Table.Td style={{ verticalAlign: "top" }}>{side(name, after)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
