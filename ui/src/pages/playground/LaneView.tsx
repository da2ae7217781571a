import { Button, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ReplyView } from "./ReplyView";
import { isWrong } from "./settings";
import { type Lane, type Reply, useSettings, useTurns } from "./store";
import { isBusy, regenerate } from "./talk";

interface LaneViewProps {
  lane: Lane;
  /** Who would answer now; each reply knows who gave it. */
  model: string;
  replies: Reply[];
  isLast: boolean;
  isOnly: boolean;
  onShowRequest: (reply?: string) => void;
}

/** What one column's model answered to one message. */
export function LaneView({ lane, model, replies, isLast, isOnly, onShowRequest }: LaneViewProps) {
  const { t } = useTranslation("playground");
  const busy = isBusy(useTurns());
  const wrong = isWrong(useSettings());
  const mayAsk = !busy && !wrong;
  if (replies.length === 0) {
    if (isOnly && !isLast) return null;
    return (
      <Stack gap="xs" miw={0}>
        <Text size="xs" c="dimmed" fw={500}>
          {model}
        </Text>
        {isLast && (
          <Group>
            <Button size="xs" variant="default" disabled={!mayAsk} onClick={() => regenerate(lane, model)}>
              {t("turn.answer")}
            </Button>
          </Group>
        )}
      </Stack>
    );
  }
  return (
    <Stack gap="md" miw={0}>
      {replies.map((reply, at) => (
        <ReplyView
          key={reply.id}
          reply={reply}
          lane={lane}
          isEnd={isLast && at === replies.length - 1}
          {...(isLast && mayAsk && { onAgain: () => regenerate(lane, model, reply.id) })}
          onShowRequest={() => onShowRequest(reply.id)}
        />
      ))}
    </Stack>
  );
}
