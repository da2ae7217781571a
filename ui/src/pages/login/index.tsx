import { Box, Center, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { type Me, queries } from "../../api/queries";
import { LanguageMenu } from "../../app/shell/LanguageMenu";
import { ThemeMenu } from "../../app/shell/ThemeMenu";
import { PasswordForm } from "./PasswordForm";
import { ShutNotice } from "./ShutNotice";
import { SignInForm } from "./SignInForm";
import "./words";

/** Shown at every address to those who are not known, or who must change their password first. */
export function Login({ me }: { me: Me | null }) {
  const { t } = useTranslation("login");
  const title = me ? t("change") : t("title");
  useDocumentTitle(`${title} · ollama2openai`);
  const again = () => void queries.invalidateQueries({ queryKey: ["me"] });
  return (
    <Center mih="100vh" p="md" component="main">
      <Stack w="100%" maw={400}>
        <Group justify="space-between">
          <Text fw={600}>ollama2openai</Text>
          <Group gap={4}>
            <LanguageMenu />
            <ThemeMenu />
          </Group>
        </Group>
        <Paper withBorder p="lg">
          <Box mb="md">
            <Title order={1} size="h3">
              {title}
            </Title>
            <Text size="sm" c="dimmed">
              {me ? t("changeHint") : t("purpose")}
            </Text>
          </Box>
          {!me && <ShutNotice />}
          {me ? <PasswordForm name={me.user.name} onDone={again} /> : <SignInForm onDone={again} />}
        </Paper>
      </Stack>
    </Center>
  );
}
