import { ActionIcon, Button, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Copies a text; says so where screen readers hear it. */
export function Copy({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text} timeout={2_000}>
      {({ copied, copy }) => {
        const Icon = copied ? IconCheck : IconCopy;
        const says = copied ? t("do.copied") : (label ?? t("do.copy"));
        if (label) {
          return (
            <Button
              variant="default"
              size="xs"
              leftSection={<Icon size={14} />}
              onClick={copy}
              aria-live="polite"
            >
              {says}
            </Button>
          );
        }
        return (
          <Tooltip label={says}>
            <ActionIcon onClick={copy} aria-label={says} aria-live="polite">
              <Icon size={16} />
            </ActionIcon>
          </Tooltip>
        );
      }}
    </CopyButton>
  );
}
