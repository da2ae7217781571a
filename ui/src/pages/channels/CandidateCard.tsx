import { Badge, Button, Collapse, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconCircleCheck,
  IconCircleOff,
  IconCircleX,
  IconClockPause,
  IconPlayerPause,
  IconProgress,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { hostOf } from "../../parts/backend";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import type { Candidate, Explained, Verdict } from "./queries";

const LOOKS = {
  would_serve: { icon: IconCircleCheck, color: "teal" },
  lower_tier: { icon: IconPlayerPause, color: "gray" },
  on_trial: { icon: IconProgress, color: "orange" },
  at_cap: { icon: IconClockPause, color: "orange" },
  over_rate: { icon: IconClockPause, color: "orange" },
  cooling: { icon: IconClockPause, color: "orange" },
  unlisted: { icon: IconCircleX, color: "gray" },
  down: { icon: IconCircleX, color: "red" },
  lacks_capability: { icon: IconCircleX, color: "gray" },
  model_not_in_list: { icon: IconCircleOff, color: "gray" },
  disabled: { icon: IconCircleOff, color: "gray" },
} as const satisfies Record<Verdict, unknown>;

/** Others that are shown at once. */
const SHOWN = 20;

function VerdictBadge({ verdict }: { verdict: Verdict }) {
  const { t } = useTranslation("channels");
  const { icon: Icon, color } = LOOKS[verdict];
  return (
    <Badge color={color} tt="none" flex="none" leftSection={<Icon size={14} aria-hidden />}>
      {t(`explain.verdict.${verdict}`)}
    </Badge>
  );
}

/** Nothing can be added to what these verdicts say. */
const PLAIN: Verdict[] = ["lower_tier", "on_trial", "unlisted", "model_not_in_list", "disabled"];

/** Why, in the language of the panel; where the gateway's own words say more, those too. */
function Why({ verdict, reason }: { verdict: Verdict; reason: string }) {
  const { t, i18n } = useTranslation("channels");
  return (
    <>
      <Text size="xs" c="dimmed">
        {t(`explain.why.${verdict}`, { reason })}
      </Text>
      {i18n.language !== "en" && !PLAIN.includes(verdict) && (
        <Text size="xs" c="dimmed" lang="en">
          {reason}
        </Text>
      )}
    </>
  );
}

/** A channel or key of a tier: what becomes of it, and why. */
export function CandidateCard({ candidate, asked }: { candidate: Candidate; asked: string }) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  const [opened, { toggle }] = useDisclosure(false);
  const { backends, share, verdict, reason, model } = candidate;
  const says = share === null ? t("explain.shareBusy") : t("explain.share", { share: format.percent(share) });
  return (
    <Paper withBorder p="xs">
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Name kind={candidate.kind} id={candidate.id} name={candidate.name} />
        <VerdictBadge verdict={verdict} />
      </Group>
      {model !== asked && (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {t("explain.mapped", { asked, model })}
        </Text>
      )}
      {verdict === "would_serve" && (
        <Text size="sm" className="numbers">
          {says}
        </Text>
      )}
      {backends.length > 1 ? <Counts backends={backends} /> : <Why verdict={verdict} reason={reason} />}
      {backends.length > 1 && (
        <>
          <Button variant="subtle" size="compact-xs" onClick={toggle} aria-expanded={opened}>
            {t("explain.backends", { count: backends.length })}
          </Button>
          <Collapse expanded={opened}>
            <Stack gap={6} mt={4}>
              {backends.map((backend) => (
                <div key={backend.id}>
                  <Group justify="space-between" wrap="nowrap" gap="xs">
                    <Text size="sm" truncate title={backend.baseUrl}>
                      {hostOf(backend.baseUrl)}
                      {backend.share ? ` · ${format.percent(backend.share)}` : ""}
                    </Text>
                    <VerdictBadge verdict={backend.verdict} />
                  </Group>
                  <Why verdict={backend.verdict} reason={backend.reason} />
                </div>
              ))}
            </Stack>
          </Collapse>
        </>
      )}
    </Paper>
  );
}

/** How many backends there are of each verdict. */
function Counts({ backends }: Pick<Candidate, "backends">) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  const counts = new Map<Verdict, number>();
  for (const { verdict } of backends) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const parts = [...counts].map(([verdict, count]) =>
    format.pair(t(`explain.verdict.${verdict}`), format.number(count)),
  );
  return (
    <Text size="xs" c="dimmed" className="numbers">
      {parts.join(" · ")}
    </Text>
  );
}

function Name({ kind, id, name }: Pick<Candidate, "kind" | "id" | "name">) {
  const { t } = useTranslation("channels");
  return (
    <Group gap={6} wrap="nowrap" miw={0}>
      {kind === "channel" && <NameLink page="channels" id={id} name={name} />}
      {kind === "key" && <NameLink page="keys" id={id} name={name} />}
      {kind === "environment" && (
        <Text size="sm" fw={500} truncate>
          {name}
        </Text>
      )}
      <Text size="xs" c="dimmed" flex="none">
        {t(`explain.kind.${kind}`)}
      </Text>
    </Group>
  );
}

/** Channels and keys that are in no tier. */
export function Others({ others }: { others: Explained["others"] }) {
  const { t } = useTranslation("channels");
  if (others.length === 0) return null;
  const more = others.length - SHOWN;
  return (
    <div>
      <Title order={3} size="h5" mb={4}>
        {t("explain.others")}
      </Title>
      <Stack gap={6}>
        {others.slice(0, SHOWN).map((other) => (
          <div key={other.id}>
            <Group justify="space-between" wrap="nowrap" gap="xs">
              <Name kind={other.kind} id={other.id} name={other.name} />
              <VerdictBadge verdict={other.verdict} />
            </Group>
            <Why verdict={other.verdict} reason={other.reason} />
          </div>
        ))}
      </Stack>
      {more > 0 && (
        <Text size="sm" c="dimmed" mt={4}>
          {t("explain.othersMore", { count: more })}
        </Text>
      )}
    </div>
  );
}
