import { Badge, type BadgeProps } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconClockX,
  IconDoorExit,
  IconHourglass,
  IconLock,
  IconPlugX,
  IconQuestionMark,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Texts } from "../i18n/types";

export type Outcome = keyof Texts["common"]["outcome"];

/** What went well is green, what the client did is grey or yellow, what failed here or behind is red. */
const LOOKS: Record<Outcome, { icon: typeof IconBan; color: string }> = {
  ok: { icon: IconCircleCheck, color: "teal" },
  client_gone: { icon: IconDoorExit, color: "gray" },
  bad_request: { icon: IconBan, color: "gray" },
  unauthorized: { icon: IconLock, color: "gray" },
  rate_limited: { icon: IconHourglass, color: "orange" },
  quota: { icon: IconHourglass, color: "orange" },
  no_model: { icon: IconQuestionMark, color: "gray" },
  overloaded: { icon: IconAlertTriangle, color: "orange" },
  upstream_connect: { icon: IconPlugX, color: "red" },
  upstream_status: { icon: IconCircleX, color: "red" },
  upstream_stream: { icon: IconCircleX, color: "red" },
  timeout: { icon: IconClockX, color: "red" },
  internal: { icon: IconCircleX, color: "red" },
};

export const OUTCOMES = Object.keys(LOOKS) as Outcome[];

/** How a request ended: icon, word and colour. A word that is not known here is shown as it is. */
export function OutcomeBadge({ outcome, ...rest }: { outcome: Outcome | "" } & BadgeProps) {
  const { t } = useTranslation();
  if (outcome === "") return null;
  const look = LOOKS[outcome] as (typeof LOOKS)[Outcome] | undefined;
  const Icon = look?.icon ?? IconQuestionMark;
  return (
    <Badge
      color={look?.color ?? "gray"}
      tt="none"
      miw="max-content"
      leftSection={<Icon size={14} aria-hidden />}
      {...rest}
    >
      {look ? t(`outcome.${outcome}`) : outcome}
    </Badge>
  );
}
