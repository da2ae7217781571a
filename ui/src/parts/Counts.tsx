import { Group, Skeleton, Text } from "@mantine/core";
import { useFormat } from "./format";

export type Count = [name: string, count: number, isBad?: boolean];

/** How many there are, and how they are; `undefined` while that is loaded. */
export function Counts({ counts }: { counts: Count[] | undefined }) {
  const format = useFormat();
  if (!counts) return <Skeleton h={24} w={320} maw="100%" />;
  return (
    <Group gap="4px var(--mantine-spacing-lg)">
      {counts.map(([name, count, isBad]) => (
        <Group key={name} gap={6} align="baseline">
          <Text fw={600} className="numbers" {...(isBad && { c: "var(--mantine-color-error)" })}>
            {format.short(count)}
          </Text>
          <Text size="sm" c="dimmed">
            {name}
          </Text>
        </Group>
      ))}
    </Group>
  );
}
