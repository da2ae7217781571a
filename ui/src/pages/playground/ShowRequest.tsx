import { Alert, SegmentedControl, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { front } from "../../api/queries";
import { CodeBlock } from "../../parts/CodeBlock";
import { useKeptToken } from "../../parts/keptToken";
import { useFilters } from "../../parts/url";
import { code, hasPictures, LANGUAGES, type Language, withoutPictures } from "./code";
import { isWrong, request } from "./settings";
import { useDraft, useSettings, useTurns } from "./store";
import { messages, userMessage } from "./talk";

/** The request of a reply; without one, what would be sent now, or was sent last when no message is typed. */
function useBody(model: string, replyId: string | undefined): { body: object | null; isSent: boolean } {
  const turns = useTurns();
  const settings = useSettings();
  const { text, pictures } = useDraft();
  const replies = turns.flatMap(({ lanes }) => lanes.flat());
  const hasDraft = text.trim() !== "" || pictures.length > 0;
  const shown =
    replies.find(({ id }) => id === replyId) ?? (hasDraft ? undefined : turns.at(-1)?.lanes[0].at(-1));
  if (shown) return { body: shown.sent, isSent: true };
  if (isWrong(settings)) return { body: null, isSent: false };
  const said = hasDraft ? userMessage(text, pictures) : userMessage("Hello", []);
  return { body: request(settings, model, [...messages(turns, 0), said]), isSent: false };
}

/** The request as curl, Python and Node would make it. */
export function ShowRequest({ model, replyId }: { model: string; replyId: string | undefined }) {
  const { t } = useTranslation("playground");
  const { get, set } = useFilters();
  const [token] = useKeptToken();
  const { body, isSent } = useBody(model, replyId);
  const language = (get("code") in LANGUAGES ? get("code") : "curl") as Language;
  if (!body) return <Alert color="red">{t("settings.mend")}</Alert>;
  const short = withoutPictures(body);
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {isSent ? t("code.sent") : t("code.next")}
      </Text>
      <SegmentedControl
        data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
        value={language}
        onChange={(code) => set({ code })}
        aria-label={t("code.title")}
      />
      {hasPictures(short) && <Alert color="orange">{t("code.images")}</Alert>}
      <CodeBlock code={code(language, short, front(), token)} />
    </Stack>
  );
}
