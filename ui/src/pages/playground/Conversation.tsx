import { Box, Button, SimpleGrid, Stack, VisuallyHidden } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../../parts/states";
import { LaneView } from "./LaneView";
import { type Lane, type Turn, useTurns } from "./store";
import { UserTurn } from "./UserTurn";

/** So near to the end, in pixels, the view stays at the end when more comes. */
const NEAR = 48;

interface ConversationProps {
  models: string[];
  /** Grows with each message that is sent: the view goes to it. */
  sent: number;
  onShowRequest: (reply?: string) => void;
}

export function Conversation({ models, sent, onShowRequest }: ConversationProps) {
  const { t } = useTranslation("playground");
  const turns = useTurns();
  const { view, content, isAtEnd, toEnd, onScroll } = useEnd(sent);
  return (
    <Box pos="relative" flex={1} mih={0}>
      <Box
        ref={view}
        component="section"
        aria-label={t("conversation")}
        tabIndex={0}
        h="100%"
        style={{ overflowY: "auto" }}
        onScroll={onScroll}
      >
        <Stack ref={content} gap="lg" p={4}>
          {turns.length === 0 && <Empty title={t("empty")} hint={t("emptyHint")} />}
          {turns.map((turn, at) => (
            <TurnView
              key={turn.id}
              turn={turn}
              models={models}
              isLast={at === turns.length - 1}
              onShowRequest={onShowRequest}
            />
          ))}
        </Stack>
      </Box>
      {!isAtEnd && (
        <Box pos="absolute" bottom={8} left={0} right={0} ta="center" style={{ pointerEvents: "none" }}>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconArrowDown size={12} />}
            onClick={toEnd}
            style={{ pointerEvents: "auto" }}
          >
            {t("toEnd")}
          </Button>
        </Box>
      )}
      <Announcer turn={turns.at(-1)} />
    </Box>
  );
}

interface TurnViewProps {
  turn: Turn;
  models: string[];
  isLast: boolean;
  onShowRequest: (reply?: string) => void;
}

function TurnView({ turn, models, isLast, onShowRequest }: TurnViewProps) {
  return (
    <Stack gap="sm">
      <UserTurn turn={turn} models={models} />
      <SimpleGrid cols={{ base: 1, md: models.length }} spacing="md">
        {models.map((model, lane) => (
          <LaneView
            // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
            key={lane}
            lane={lane as Lane}
            model={model}
            replies={turn.lanes[lane as Lane]}
            isLast={isLast}
            isOnly={models.length === 1}
            onShowRequest={onShowRequest}
          />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

/** Tells screen readers of each reply once, when it has come, and not of each token. */
function Announcer({ turn }: { turn: Turn | undefined }) {
  const { t } = useTranslation("playground");
  const last = (turn?.lanes ?? []).flatMap((replies) => replies.slice(-1));
  const words = last.map(({ model, isRunning, text, fault }) => {
    if (isRunning) return t("reply.answering", { model });
    return `${model}: ${fault ? fault.message || t("fault.title") : text}`;
  });
  return <VisuallyHidden role="status">{words.join(". ")}</VisuallyHidden>;
}

/** Keeps the view at the end while more comes, unless people have scrolled away from it. */
function useEnd(sent: number) {
  const view = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);
  const toEnd = () => {
    follows.current = true;
    setAtEnd(true);
    view.current?.scrollTo({ top: view.current.scrollHeight });
  };
  const onScroll = () => {
    const box = view.current;
    if (!box) return;
    follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    setAtEnd(follows.current);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each message that is sent
  useEffect(toEnd, [sent]);
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      if (follows.current) view.current?.scrollTo({ top: view.current.scrollHeight });
    });
    for (const box of [content.current, view.current]) if (box) watch.observe(box);
    return () => watch.disconnect();
  }, []);
  return { view, content, isAtEnd, toEnd, onScroll };
}
