import { Alert, Badge, Button, Card, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "../../api/client";
import { useMayChange, useMe } from "../../api/queries";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { useChange } from "../../parts/useChange";
import { setErrors } from "./drafts";
import type { Mode } from "./Rules";

interface Ruleset {
  mode: Mode;
  whitelist: string[];
  blacklist: string[];
}

/** Whether an address may call by the rules as they stand on the page. */
export function AddressTester({ rules }: { rules: Ruleset }) {
  const { t } = useTranslation("settings");
  const mayChange = useMayChange();
  const format = useFormat();
  const mine = useMe().data?.address ?? "";
  const [ip, setIp] = useState("");
  const [error, setError] = useState<string>();
  const asked = JSON.stringify(rules);
  const test = useChange({
    call: async (ip: string) => {
      const call = mayChange
        ? api.POST("/admin/api/settings/access-control/check", { body: { ...rules, ip } })
        : api.GET("/admin/api/settings/access-control/check", { params: { query: { ip } } });
      return { ...(await data(call)), by: asked };
    },
    stale: [],
    onFields: (fields) => {
      setError(fields.ip);
      setErrors(ofLists(fields));
    },
  });
  const run = (ip: string) => {
    setIp(ip);
    setError(undefined);
    test.mutate(ip.trim());
  };
  // What was answered for other rules says nothing about these.
  const answer = test.data?.by === asked ? test.data : undefined;
  return (
    <Card withBorder p="md">
      <Title order={3} size="h5">
        {t("rules.test")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t("rules.testHint")}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(ip);
        }}
      >
        <Group gap="xs" align="flex-end" mb="sm">
          <TextInput
            label={t("rules.address")}
            placeholder="203.0.113.7"
            value={ip}
            error={error}
            onChange={(event) => setIp(event.currentTarget.value)}
            flex="1 1 180px"
            maw={320}
          />
          <Button type="submit" variant="default" loading={test.isPending} disabled={ip.trim() === ""}>
            {t("rules.try")}
          </Button>
          <Button variant="subtle" onClick={() => run(mine)}>
            {format.pair(t("rules.mine"), mine)}
          </Button>
        </Group>
      </form>
      <div aria-live="polite">{answer && <Answer answer={answer} />}</div>
    </Card>
  );
}

/** `whitelist[1]` as what is said at the list: the line, and what is wrong there. */
function ofLists(fields: Record<string, string>): Record<string, string> {
  const said: Record<string, string> = {};
  for (const [name, error] of Object.entries(fields)) {
    const [, list, index] = /^(whitelist|blacklist)\[(\d+)\]$/.exec(name) ?? [];
    if (list) said[`ip_${list}`] = `${Number(index) + 1}: ${error}`;
  }
  return said;
}

interface AnswerProps {
  answer: { ip: string; clients: boolean; admin: boolean; rule: string | null; warnings: string[] };
}

function Answer({ answer }: AnswerProps) {
  const { t } = useTranslation("settings");
  return (
    <Stack gap="xs">
      <Facts
        facts={[
          [t("rules.address"), answer.ip],
          [t("rules.clients"), <Verdict key="clients" may={answer.clients} />],
          [t("rules.admin"), <Verdict key="admin" may={answer.admin} />],
        ]}
      />
      <Text size="sm" c="dimmed">
        {answer.rule ? t("rules.rule", { rule: answer.rule }) : t("rules.noRule")}
      </Text>
      {answer.warnings.map((warning) => (
        <Alert key={warning} color="orange" icon={<IconAlertTriangle />}>
          {warning}
        </Alert>
      ))}
    </Stack>
  );
}

function Verdict({ may }: { may: boolean }) {
  const { t } = useTranslation("settings");
  const Icon = may ? IconCircleCheck : IconCircleX;
  return (
    <Badge color={may ? "teal" : "red"} tt="none" leftSection={<Icon size={14} aria-hidden />}>
      {t(may ? "rules.may" : "rules.mayNot")}
    </Badge>
  );
}
