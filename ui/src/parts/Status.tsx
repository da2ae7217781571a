import { Badge, type BadgeProps } from "@mantine/core";
import {
  IconAlertCircle,
  IconCircleCheck,
  IconCircleOff,
  IconCircleX,
  IconClockPause,
  IconHelpCircle,
  IconProgress,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

const LOOKS = {
  healthy: { icon: IconCircleCheck, color: "teal" },
  enabled: { icon: IconCircleCheck, color: "teal" },
  degraded: { icon: IconAlertCircle, color: "orange" },
  down: { icon: IconCircleX, color: "red" },
  disabled: { icon: IconCircleOff, color: "gray" },
  unknown: { icon: IconHelpCircle, color: "gray" },
  expired: { icon: IconClockPause, color: "orange" },
  exhausted: { icon: IconClockPause, color: "orange" },
  cooling: { icon: IconClockPause, color: "orange" },
  halfOpen: { icon: IconProgress, color: "orange" },
} as const;

export type State = keyof typeof LOOKS;

/** How something stands: icon, word and colour, never colour alone. */
export function Status({ state, ...rest }: { state: State } & BadgeProps) {
  const { t } = useTranslation();
  const { icon: Icon, color } = LOOKS[state];
  return (
    <Badge color={color} tt="none" miw="max-content" leftSection={<Icon size={14} aria-hidden />} {...rest}>
      {t(`state.${state}`)}
    </Badge>
  );
}
