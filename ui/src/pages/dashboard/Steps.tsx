import { Button, Group, Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { front, useMayChange } from "../../api/queries";
import { CodeBlock } from "../../parts/CodeBlock";
import { useKeptToken } from "../../parts/keptToken";
import { useModelNames } from "../../parts/ModelPicker";
import type { Full } from "./queries";

/** How to begin, until the first request was seen. */
export function Steps({ full }: { full: Full }) {
  const { t } = useTranslation("dashboard");
  const { total, states } = full.backends;
  return (
    <Paper withBorder p="md" component="section" aria-label={t("steps.title")}>
      <Title order={2} size="h4" mb="md">
        {t("steps.title")}
      </Title>
      <Stack component="ol" gap="lg" m={0} p={0}>
        <Step
          n={1}
          title={t("steps.backend")}
          isDone={states.up > 0}
          hint={
            states.up > 0 ? t("steps.backendDone", { count: total, up: states.up }) : t("steps.backendHint")
          }
          links={[
            ["/keys/new", t("steps.addKey")],
            ["/channels/new", t("steps.addChannel")],
          ]}
        />
        <Step
          n={2}
          title={t("steps.token")}
          isDone={full.tokens.total > 0}
          hint={
            full.tokens.total > 0 ? t("steps.tokenDone", { count: full.tokens.total }) : t("steps.tokenHint")
          }
          links={[["/tokens/new", t("steps.addToken")]]}
        />
        <Step
          n={3}
          title={t("steps.request")}
          isDone={full.totals.requests > 0}
          hint={t("steps.requestHint")}
          isForAll
          links={[
            ["/playground", t("steps.playground")],
            ["/connect", t("steps.connect")],
          ]}
        >
          <Try />
        </Step>
      </Stack>
    </Paper>
  );
}

interface StepProps {
  n: number;
  title: string;
  hint: string;
  isDone: boolean;
  /** Viewers may do it too. */
  isForAll?: boolean;
  links: [href: string, verb: string][];
  children?: ReactNode;
}

function Step({ n, title, hint, isDone, isForAll = false, links, children }: StepProps) {
  const { t } = useTranslation("dashboard");
  const mayChange = useMayChange();
  return (
    <Group component="li" wrap="nowrap" align="flex-start" gap="sm">
      <ThemeIcon
        radius="xl"
        size={28}
        variant={isDone ? "filled" : "default"}
        color="teal.8"
        role="img"
        aria-label={isDone ? t("steps.done") : t("steps.open")}
      >
        {isDone ? <IconCheck size={16} /> : <Text size="sm">{n}</Text>}
      </ThemeIcon>
      <Stack gap={6} flex={1} miw={0}>
        <Text fw={600}>{title}</Text>
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
        {!isDone && children}
        {!isDone && (mayChange || isForAll) && (
          <Group gap="xs">
            {links.map(([href, verb]) => (
              <Button key={href} component={Link} href={href} size="xs" variant="default">
                {verb}
              </Button>
            ))}
          </Group>
        )}
      </Stack>
    </Group>
  );
}

/** A request that can be pasted, with a model that is there and the token that was just made. */
function Try() {
  const [model = "llama3.2"] = useModelNames();
  const [token] = useKeptToken();
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] });
  const auth = token && ` \\\n  -H 'Authorization: Bearer ${token}'`;
  return <CodeBlock code={`curl ${front()}/v1/chat/completions${auth} \\\n  -d '${body}'`} />;
}
