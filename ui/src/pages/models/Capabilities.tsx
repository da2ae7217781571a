import { Badge, Group, Text } from "@mantine/core";
import {
  IconBrain,
  IconEar,
  IconEye,
  IconForms,
  IconMessage,
  IconSparkles,
  IconTool,
  IconVectorTriangle,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

const ICONS = {
  completion: IconMessage,
  tools: IconTool,
  vision: IconEye,
  audio: IconEar,
  thinking: IconBrain,
  embedding: IconVectorTriangle,
  insert: IconForms,
} as const;

type Known = keyof typeof ICONS;

const isKnown = (name: string): name is Known => name in ICONS;

/** What a capability is called; those that came later than this panel keep their own name. */
export function useCapability(): (name: string) => string {
  const { t } = useTranslation("models");
  return (name) => (isKnown(name) ? t(`can.${name}`) : name);
}

/** What a model can do, as icons with words. */
export function Capabilities({ names, isWrapped = false }: { names: string[] | null; isWrapped?: boolean }) {
  const { t } = useTranslation("models");
  const word = useCapability();
  if (names === null) {
    return (
      <Text size="sm" c="dimmed">
        {t("notAsked")}
      </Text>
    );
  }
  return (
    <Group gap={4} wrap={isWrapped ? "wrap" : "nowrap"}>
      {names.map((name) => {
        const Icon = isKnown(name) ? ICONS[name] : IconSparkles;
        return (
          <Badge key={name} color="gray" tt="none" flex="none" leftSection={<Icon size={12} aria-hidden />}>
            {word(name)}
          </Badge>
        );
      })}
    </Group>
  );
}
