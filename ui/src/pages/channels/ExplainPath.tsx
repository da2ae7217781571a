import { Alert, Badge, Group, Stack, Text, Timeline } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconKey, IconMessage, IconStack2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { CandidateCard, Others } from "./CandidateCard";
import type { Explained } from "./queries";

/** Tiers, and candidates of each, that are shown. */
const TIERS = 10;
const CANDIDATES = 10;

/** The way of a request: what is asked for, the tiers as they are tried, and where it ends. */
export function ExplainPath({ explained }: { explained: Explained }) {
  const { t } = useTranslation("channels");
  const { token, tiers, refusal } = explained;
  const End = refusal ? IconCircleX : IconCircleCheck;
  return (
    <Stack>
      <Timeline bulletSize={26} lineWidth={2} active={tiers.length + 2} color={refusal ? "red" : "accent"}>
        <Timeline.Item
          bullet={<IconMessage size={14} aria-hidden />}
          title={t("explain.asked", { model: explained.model })}
        />
        {token && (
          <Timeline.Item
            bullet={<IconKey size={14} aria-hidden />}
            title={t("explain.tokenLine", {
              name: token.name,
              verdict: t(`explain.tokenVerdict.${token.verdict}`),
            })}
          >
            <Left token={token} />
          </Timeline.Item>
        )}
        {tiers.slice(0, TIERS).map((tier, at) => (
          <Timeline.Item
            // biome-ignore lint/suspicious/noArrayIndexKey: the order is what tells tiers apart
            key={at}
            bullet={<IconStack2 size={14} aria-hidden />}
            title={t(`explain.tier.${tier.origin}`, { priority: tier.priority })}
          >
            <Stack gap="xs" mt="xs">
              {tier.candidates.slice(0, CANDIDATES).map((candidate) => (
                <CandidateCard key={candidate.id} candidate={candidate} asked={explained.model} />
              ))}
              <More count={tier.candidates.length - CANDIDATES} />
            </Stack>
          </Timeline.Item>
        ))}
        {tiers.length > TIERS && (
          <Timeline.Item
            bullet={<IconStack2 size={14} aria-hidden />}
            title={<More count={tiers.length - TIERS} />}
          />
        )}
        <Timeline.Item bullet={<End size={14} aria-hidden />} title={<EndTitle explained={explained} />}>
          <Ending explained={explained} />
        </Timeline.Item>
      </Timeline>
      <Others others={explained.others} />
    </Stack>
  );
}

function More({ count }: { count: number }) {
  const { t } = useTranslation("channels");
  if (count <= 0) return null;
  return (
    <Text size="sm" c="dimmed">
      {t("explain.othersMore", { count })}
    </Text>
  );
}

function Left({ token }: { token: NonNullable<Explained["token"]> }) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  const parts = [
    token.requestsLeft !== null && t("explain.leftRequests", { n: format.number(token.requestsLeft) }),
    token.tokensLeft !== null && t("explain.leftTokens", { n: format.number(token.tokensLeft) }),
    token.quotaLeft !== null && t("explain.leftQuota", { n: format.number(token.quotaLeft) }),
  ].filter((part) => part !== false);
  if (parts.length === 0) return null;
  return (
    <Text size="sm" c="dimmed">
      {t("explain.left", { parts: format.list(parts) })}
    </Text>
  );
}

/** Those who would serve, each once. */
function namesOf({ wouldServe }: Explained): string[] {
  return [...new Set((wouldServe ?? []).map(({ channel, name }) => channel ?? name))];
}

const SHOWN = 5;

function EndTitle({ explained }: { explained: Explained }) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  const { refusal, tiers } = explained;
  if (tiers.length === 0 && !refusal) return <>{t("explain.noTiers")}</>;
  if (refusal) return <>{t("explain.refused", { status: refusal.status, code: refusal.code })}</>;
  const names = namesOf(explained);
  const more = names.length - SHOWN;
  return (
    <Group gap={6}>
      <span>{t("explain.served", { names: format.list(names.slice(0, SHOWN)) })}</span>
      {more > 0 && <Badge color="gray">{t("moreModels", { count: more })}</Badge>}
    </Group>
  );
}

function Ending({ explained }: { explained: Explained }) {
  const { t } = useTranslation("channels");
  const { refusal, queue, wouldServe } = explained;
  const next = wouldServe?.[0];
  return (
    <Stack gap={4}>
      {refusal && (
        <Alert color="red" mt={4}>
          <Text size="sm" lang="en">
            {refusal.message}
          </Text>
          {refusal.afterSeconds > 0 && (
            <Text size="sm">{t("explain.refusedAfter", { seconds: refusal.afterSeconds })}</Text>
          )}
        </Alert>
      )}
      {next && (
        <Text size="sm" c="dimmed">
          {t("explain.servedNext", { name: next.channel ? `${next.channel} · ${next.name}` : next.name })}
        </Text>
      )}
      {queue.waiting > 0 && (
        <Text size="sm" c="dimmed">
          {t("explain.queue", queue)}
        </Text>
      )}
    </Stack>
  );
}
