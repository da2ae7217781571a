import { Alert, Code, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "../../api/client";

const COMMAND = "ollama2openai user passwd admin";

/** Tells why no password opens the account admin from here, and what to do; nothing while one does. */
export function ShutNotice() {
  const { t } = useTranslation("login");
  const door = useQuery({ queryKey: ["sign-in"], queryFn: () => data(api.GET("/admin/api/sign-in")) });
  if (!door.data?.refused) return null;
  return (
    <Alert color="yellow" icon={<IconLock />} title={t("shut")} mb="md">
      <Text size="sm">{t("shutHint")}</Text>
      <Code block mt="xs">
        {COMMAND}
      </Code>
    </Alert>
  );
}
