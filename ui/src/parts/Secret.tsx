import { Alert, Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Copy } from "./Copy";

interface SecretProps {
  title: string;
  /** What it is, and that it is shown this once. */
  hint: string;
  secret: string | null;
  onClose: () => void;
  children?: ReactNode;
}

/** Shows a secret once. It closes by its button alone, so that no slip loses the text. */
export function Secret({ title, hint, secret, onClose, children }: SecretProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={secret !== null}
      onClose={onClose}
      title={title}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      zIndex={300}
    >
      <Stack>
        <Alert icon={<IconEyeOff />} color="orange">
          <Text size="sm">{hint}</Text>
        </Alert>
        <Group wrap="nowrap" align="stretch">
          <Code
            block
            flex={1}
            data-testid="secret"
            style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}
          >
            {secret}
          </Code>
          <Copy text={secret ?? ""} label={t("do.copy")} />
        </Group>
        {children}
        <Group justify="flex-end">
          <Button onClick={onClose}>{t("do.close")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
