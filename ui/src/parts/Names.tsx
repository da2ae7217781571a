import { Badge, Group, type MantineSize, Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "./format";

/** Names that a row of a table has room for. */
const CHIPS = 2;

interface NamesProps {
  names: string[];
  /** What is said when there are none. */
  none: string;
  size?: MantineSize;
}

/** Names of models or tags, all of them. */
export function Names({ names, none, size }: NamesProps) {
  if (names.length === 0) return <Text size="sm">{none}</Text>;
  return (
    <Group gap={4}>
      {names.map((name) => (
        <Badge key={name} color="gray" tt="none" maw="100%" {...(size && { size })}>
          {name}
        </Badge>
      ))}
    </Group>
  );
}

/** The first of them, and how many more; all behind a tooltip. */
export function Chips({ names, none }: NamesProps) {
  const { t } = useTranslation();
  const format = useFormat();
  if (names.length === 0) return <Text size="sm">{none}</Text>;
  return (
    <Tooltip label={format.list(names)} disabled={names.length <= CHIPS} multiline maw={320}>
      <Group gap={4} wrap="nowrap">
        {names.slice(0, CHIPS).map((name) => (
          <Badge key={name} color="gray" tt="none" maw={80}>
            {name}
          </Badge>
        ))}
        {names.length > CHIPS && <Text size="xs">{t("more", { count: names.length - CHIPS })}</Text>}
      </Group>
    </Tooltip>
  );
}
