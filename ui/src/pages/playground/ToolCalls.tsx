import { Button, Code, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { IconTool } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isWrong } from "./settings";
import { type Lane, type Reply, useSettings } from "./store";
import { giveResults } from "./talk";

/** JSON with line ends; what is no JSON as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

interface ToolCallsProps {
  reply: Reply;
  lane: Lane;
  /** Whether the results can be given now. */
  isOpen: boolean;
}

/** The tools that the model wants to be called, and fields for what they give. */
export function ToolCalls({ reply, lane, isOpen }: ToolCallsProps) {
  const { t } = useTranslation("playground");
  const { calls, results } = reply;
  const wrong = isWrong(useSettings());
  const [typed, setTyped] = useState<string[]>([]);
  const isAsked = isOpen && results.length === 0;
  const all = calls.map((_, at) => typed[at] ?? "");
  return (
    <Stack gap="xs">
      {calls.map(({ id, name, args }, at) => (
        <Paper key={id || name} withBorder p="sm">
          <Stack gap="xs">
            <Group gap={6} wrap="nowrap">
              <IconTool size={16} aria-hidden />
              <Text size="sm" fw={500} style={{ overflowWrap: "anywhere" }}>
                {t("tool.call", { name })}
              </Text>
            </Group>
            <Code block tabIndex={0}>
              {pretty(args)}
            </Code>
            {isAsked && (
              <Textarea
                label={t("tool.result", { name })}
                description={t("tool.resultHint")}
                value={all[at] ?? ""}
                autosize
                minRows={1}
                maxRows={8}
                onChange={(event) => setTyped(all.with(at, event.currentTarget.value))}
              />
            )}
            {results[at] !== undefined && (
              <div>
                <Text size="xs" c="dimmed">
                  {t("tool.given")}
                </Text>
                <Code block tabIndex={0}>
                  {results[at]}
                </Code>
              </div>
            )}
          </Stack>
        </Paper>
      ))}
      {isAsked && (
        <Group>
          <Button
            size="xs"
            disabled={all.includes("") || wrong}
            onClick={() => giveResults(lane, reply, all)}
          >
            {t("tool.give")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
