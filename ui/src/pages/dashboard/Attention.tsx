import { Anchor, Badge, Box, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconAlertCircle, IconCircleCheck, IconCircleX, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Concern, Dashboard } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { COLORS, keyOf, placeOf, reasonOf } from "../../parts/concern";

const ICONS = { critical: IconCircleX, warning: IconAlertCircle, info: IconInfoCircle };
/** As many are shown at first: a fleet that is down must not push all else off the page. */
const FIRST = 5;

/** What wants a person, the worst first, each with a link to where it is mended. */
export function Attention({ dashboard }: { dashboard: Dashboard }) {
  const { t } = useTranslation();
  const [isWhole, showAll] = useState(false);
  const { list, more } = dashboard.attention;
  const shown = isWhole ? list : list.slice(0, FIRST);
  const hidden = list.length - shown.length;
  if (list.length === 0) {
    return (
      <Group gap={6} c="dimmed" role="status">
        <IconCircleCheck size={16} color="var(--mantine-color-teal-6)" aria-hidden />
        <Text size="sm">{t("attention.none")}</Text>
      </Group>
    );
  }
  return (
    <Paper
      withBorder
      p="sm"
      component="section"
      aria-label={t("attention.title", { count: list.length + more })}
    >
      <Title order={2} size="h5" mb="xs">
        {t("attention.title", { count: list.length + more })}
      </Title>
      <Stack gap="xs">
        {shown.map((concern) => (
          <One key={keyOf(concern)} concern={concern} href={placeOf(concern, dashboard.backends.list)} />
        ))}
        {hidden > 0 && (
          <Anchor component="button" type="button" size="sm" ta="left" onClick={() => showAll(true)}>
            {t("attention.more", { count: hidden + more })}
          </Anchor>
        )}
        {hidden === 0 && more > 0 && (
          <Text size="sm" c="dimmed">
            {t("attention.more", { count: more })}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

function One({ concern, href }: { concern: Concern; href: string }) {
  const { t } = useTranslation();
  const { kind, severity, subject, since } = concern;
  const Icon = ICONS[severity];
  const reason = reasonOf(concern);
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Badge
        color={COLORS[severity]}
        tt="none"
        leftSection={<Icon size={14} aria-hidden />}
        flex="none"
        miw={100}
      >
        {t(`attention.severity.${severity}`)}
      </Badge>
      <Box flex={1} miw={0}>
        <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
          {t(`attention.kind.${kind}`, { name: subject.name })}{" "}
          {since && (
            <Text span size="xs" c="dimmed">
              <Ago at={since} />
            </Text>
          )}{" "}
          <Anchor component={Link} href={href} size="sm" underline="always">
            {t(`attention.do.${kind}`)}
          </Anchor>
        </Text>
        {reason && (
          <Text size="xs" c="dimmed" lang="en" style={{ overflowWrap: "anywhere" }}>
            {reason}
          </Text>
        )}
      </Box>
    </Group>
  );
}
