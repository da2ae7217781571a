import { Group, Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A part of the page with a title, and perhaps something beside it. */
export function Panel({ title, side, children }: { title: string; side?: ReactNode; children: ReactNode }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label={title} miw={0}>
      <Group justify="space-between" mb="xs" gap="xs">
        <Title order={2} size="h5">
          {title}
        </Title>
        {side && (
          <Text size="xs" c="dimmed" component="div">
            {side}
          </Text>
        )}
      </Group>
      {children}
    </Paper>
  );
}
