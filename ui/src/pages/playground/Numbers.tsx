import { Anchor, Group, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ApiError, api, data } from "../../api/client";
import { useFormat } from "../../parts/format";
import type { Reply } from "./store";

/** A request is in the logs a moment after its reply has ended. */
const MOMENT_MS = 400;

/** The backend that served a request, from the logs; nothing while they do not tell. */
function useBackend(requestId: string | null): string | null {
  const log = useQuery({
    queryKey: ["logs", "one", requestId, "playground"],
    queryFn: async () => {
      await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
      return (await data(api.GET("/admin/api/logs/{id}", { params: { path: { id: requestId ?? "" } } }))).log;
    },
    enabled: requestId !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: (count, error) => error instanceof ApiError && error.status === 404 && count < 3,
    retryDelay: (count) => MOMENT_MS * 2 ** count,
  });
  const { backendName } = (log.data ?? {}) as { backendName?: string };
  return backendName ?? null;
}

/** What comes within this time has come in one piece. */
const AT_ONCE_MS = 100;

/** Tokens of the reply a second, from the first of them on; of a reply in one piece, over all of its time. */
function speed({ usage, firstMs, totalMs }: Reply): number | null {
  if (!usage || usage.completion < 2 || totalMs === null || firstMs === null) return null;
  const ms = totalMs - firstMs > AT_ONCE_MS ? totalMs - firstMs : totalMs;
  return (usage.completion / ms) * 1_000;
}

/** How long the reply took, what it used, and who gave it. */
export function Numbers({ reply }: { reply: Reply }) {
  const { t } = useTranslation("playground");
  const format = useFormat();
  const backend = useBackend(reply.requestId);
  const { firstMs, totalMs, usage, requestId, sent, fault } = reply;
  const perSecond = speed(reply);
  const facts = [
    firstMs !== null && "stream" in sent && t("reply.firstToken", { time: format.ms(firstMs) }),
    totalMs !== null && t("reply.total", { time: format.ms(totalMs) }),
    perSecond !== null &&
      t("reply.speed", {
        n: format.number(perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond)),
      }),
    backend && t("reply.backend", { name: backend }),
  ].filter((fact) => typeof fact === "string");
  return (
    <Group gap="xs" className="numbers">
      {facts.map((fact) => (
        <Text key={fact} size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {fact}
        </Text>
      ))}
      {usage && (
        <Tooltip label={t("reply.tokensHint")}>
          <Text size="xs" c="dimmed" tabIndex={0}>
            {t("reply.tokens", {
              prompt: format.number(usage.prompt),
              reply: format.number(usage.completion),
            })}
          </Text>
        </Tooltip>
      )}
      {requestId && !fault && (
        <Tooltip label={t("reply.log")}>
          <Anchor
            component={Link}
            href={`/logs/${encodeURIComponent(requestId)}`}
            size="xs"
            truncate
            maw={160}
          >
            {requestId}
          </Anchor>
        </Tooltip>
      )}
    </Group>
  );
}
