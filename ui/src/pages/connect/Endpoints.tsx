import { Code, Group, Table, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Copy } from "../../parts/Copy";

const ENDPOINTS = [
  ["chat", "POST", "/chat/completions"],
  ["completions", "POST", "/completions"],
  ["embeddings", "POST", "/embeddings"],
  ["models", "GET", "/models"],
  ["model", "GET", "/models/{id}"],
] as const;

/** What clients may call, below the base URL `base`. */
export function Endpoints({ base }: { base: string }) {
  const { t } = useTranslation("connect");
  return (
    <div>
      <Title order={2} size="h4" mb="xs">
        {t("endpoints.title")}
      </Title>
      <Table.ScrollContainer minWidth={560} type="native">
        <Table aria-label={t("endpoints.title")} verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("endpoints.address")}</Table.Th>
              <Table.Th>{t("endpoints.for")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {ENDPOINTS.map(([name, method, path]) => (
              <Table.Tr key={name}>
                <Table.Td>
                  <Group gap={4} wrap="nowrap">
                    <Code style={{ whiteSpace: "nowrap" }}>{`${method} ${base}${path}`}</Code>
                    <Copy text={`${base}${path}`} />
                  </Group>
                </Table.Td>
                <Table.Td>{t(`endpoints.${name}`)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </div>
  );
}
