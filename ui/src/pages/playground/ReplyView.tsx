import {
  ActionIcon,
  Alert,
  Anchor,
  Button,
  Code,
  Collapse,
  Group,
  Loader,
  Stack,
  Text,
  Tooltip,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle, IconBrain, IconChevronDown, IconCode, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Copy } from "../../parts/Copy";
import type { Fault } from "./ask";
import { Markdown } from "./Markdown";
import { Numbers } from "./Numbers";
import type { Lane, Reply } from "./store";
import { ToolCalls } from "./ToolCalls";

interface ReplyViewProps {
  reply: Reply;
  lane: Lane;
  /** The last of the conversation: what its tools give can still be told. */
  isEnd: boolean;
  onAgain?: () => void;
  onShowRequest: () => void;
}

export function ReplyView({ reply, lane, isEnd, onAgain, onShowRequest }: ReplyViewProps) {
  const { t } = useTranslation("playground");
  const { text, thinking, calls, fault, isRunning } = reply;
  const hasNothing = text === "" && thinking === "" && calls.length === 0;
  return (
    <Stack gap="xs" component="article" aria-label={reply.model} aria-busy={isRunning}>
      <Group gap="xs" justify="space-between" wrap="nowrap" mih={28}>
        <Text size="xs" c="dimmed" fw={500} truncate>
          {reply.model}
        </Text>
        {!isRunning && <Actions reply={reply} onAgain={onAgain} onShowRequest={onShowRequest} />}
      </Group>
      {thinking && <Thinking text={thinking} isRunning={isRunning && text === ""} />}
      {text && <Markdown text={text} />}
      {isRunning && hasNothing && (
        <Group gap="xs">
          <Loader type="dots" size="sm" />
          <Text size="sm" c="dimmed">
            {t("reply.waiting")}
          </Text>
        </Group>
      )}
      {calls.length > 0 && <ToolCalls reply={reply} lane={lane} isOpen={isEnd && !isRunning && !fault} />}
      {fault && <Failure fault={fault} requestId={reply.requestId} onAgain={onAgain} />}
      {!isRunning && !fault && <Note reply={reply} isEmpty={hasNothing} />}
      {!isRunning && <Numbers reply={reply} />}
    </Stack>
  );
}

function Actions({ reply, onAgain, onShowRequest }: Pick<ReplyViewProps, "onShowRequest"> & ActionsProps) {
  const { t } = useTranslation("playground");
  return (
    <Group gap={2} wrap="nowrap">
      {reply.text && <Copy text={reply.text} />}
      <Tooltip label={t("reply.request")}>
        <ActionIcon aria-label={t("reply.request")} onClick={onShowRequest}>
          <IconCode size={16} />
        </ActionIcon>
      </Tooltip>
      {onAgain && (
        <Tooltip label={t("reply.regenerate")}>
          <ActionIcon aria-label={t("reply.regenerate")} onClick={onAgain}>
            <IconRefresh size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}

interface ActionsProps {
  reply: Reply;
  onAgain: (() => void) | undefined;
}

/** What the model thought, folded. */
function Thinking({ text, isRunning }: { text: string; isRunning: boolean }) {
  const { t } = useTranslation("playground");
  const [isOpen, { toggle }] = useDisclosure(false);
  return (
    <div>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={isRunning ? <Loader size={12} /> : <IconBrain size={14} />}
        rightSection={
          <IconChevronDown size={12} style={{ transform: isOpen ? "rotate(180deg)" : undefined }} />
        }
        aria-expanded={isOpen}
        onClick={toggle}
      >
        {isRunning ? t("reply.thinking") : t("reply.thought")}
      </Button>
      <Collapse expanded={isOpen}>
        <Text size="sm" c="dimmed" mt={6} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          {text.trim()}
        </Text>
      </Collapse>
    </div>
  );
}

/** What is worth knowing of how it ended. */
function Note({ reply, isEmpty }: { reply: Reply; isEmpty: boolean }) {
  const { t } = useTranslation("playground");
  const notes = [
    reply.isStopped && t("reply.stopped"),
    reply.finish === "length" && t("reply.length"),
    isEmpty && !reply.isStopped && t("reply.nothing"),
    reply.ignored && t("reply.ignored", { names: reply.ignored }),
  ].filter(Boolean);
  return notes.map((note) => (
    <Text key={String(note)} size="xs" c="dimmed">
      {note}
    </Text>
  ));
}

interface FailureProps {
  fault: Fault;
  requestId: string | null;
  onAgain: (() => void) | undefined;
}

/** An error as the API says it. */
function Failure({ fault, requestId, onAgain }: FailureProps) {
  const { t } = useTranslation("playground");
  const { t: common } = useTranslation();
  const { status, code } = fault;
  const own = status === 0 ? t("fault.lost") : status === 200 ? t("fault.broken") : "";
  const details = [status > 200 && t("fault.http", { status }), code].filter(Boolean).join(" · ");
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={t("fault.title")} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {fault.message || own}
        </Text>
        {details && <Code>{details}</Code>}
        {requestId && (
          <Text size="xs" c="dimmed">
            {common("error.id", { id: "" })}
            <Anchor
              component={Link}
              href={`/logs/${requestId}`}
              inherit
              c="inherit"
              underline="always"
              style={{ overflowWrap: "anywhere" }}
            >
              {requestId}
            </Anchor>
          </Text>
        )}
        {onAgain && (
          <Button size="xs" variant="default" onClick={onAgain}>
            {common("do.retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
