import { Anchor, Code, Collapse, Table, Text } from "@mantine/core";
import { useDisclosure, useId } from "@mantine/hooks";
import { useTranslation } from "react-i18next";

/** Forms of a key line, each with an example that is nobody's. */
const FORMS = [
  { form: "url", example: "http://192.168.1.11:11434" },
  { form: "urlBar", example: "https://ollama.com|YOUR-KEY" },
  { form: "barUrl", example: "YOUR-KEY|https://ollama.com" },
  { form: "hash", example: "http://192.168.1.11:11434#YOUR-KEY" },
  { form: "path", example: "https://ollama.example/sk-YOUR-KEY" },
  { form: "key", example: "YOUR-KEY" },
] as const;

/** Explains in which forms a key can be written. */
export function Forms() {
  const { t } = useTranslation("keys");
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <div>
      <Anchor
        component="button"
        type="button"
        size="sm"
        onClick={toggle}
        aria-expanded={isOpen}
        aria-controls={id}
      >
        {t("forms.title")}
      </Anchor>
      <Collapse expanded={isOpen} id={id}>
        <Table.ScrollContainer minWidth={320}>
          <Table verticalSpacing={4}>
            <Table.Tbody>
              {FORMS.map(({ form, example }) => (
                <Table.Tr key={form}>
                  <Table.Td>
                    <Code>{example}</Code>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">{t(`forms.${form}`)}</Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        <Text size="xs" c="dimmed">
          {t("forms.several")}
        </Text>
      </Collapse>
    </div>
  );
}
