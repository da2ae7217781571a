import { Box, Group, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";

interface PageProps {
  title: string;
  /** One sentence: what the page is for. */
  purpose: string;
  /** The one primary action. */
  action?: ReactNode;
  children: ReactNode;
}

/** The pattern of every page: title, purpose, action, content. */
export function Page({ title, purpose, action, children }: PageProps) {
  useDocumentTitle(`${title} · ollama2openai`);
  return (
    <>
      <Group justify="space-between" align="flex-start" mb="md" gap="sm">
        <Box flex="1 1 260px" miw={0}>
          <Title order={1} size="h2">
            {title}
          </Title>
          <Text c="dimmed" size="sm">
            {purpose}
          </Text>
        </Box>
        {action}
      </Group>
      {children}
    </>
  );
}
