import {
  Accordion,
  Anchor,
  Badge,
  Code,
  Group,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "../../api/client";
import { SEARCH_ID } from "../../parts/SearchField";
import { Empty, Failed } from "../../parts/states";
import { useFilters } from "../../parts/url";
import { type Operation, operations, type Row } from "./openapi";

const COLORS: Record<string, string> = { GET: "accent", POST: "teal", PUT: "orange", DELETE: "red" };

/** The admin API as its own document tells it. */
export function Reference() {
  const { t } = useTranslation("connect");
  const { get, set } = useFilters();
  const document = useQuery({
    queryKey: ["openapi"],
    queryFn: () => data(api.GET("/admin/api/openapi.json")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (document.isPending) return <Skeleton h={400} />;
  if (document.isError) return <Failed error={document.error} retry={document.refetch} />;
  const words = get("q").toLowerCase().split(/\s+/).filter(Boolean);
  const isWanted = ({ method, path, summary }: Operation) =>
    words.every((word) => `${method} ${path} ${summary}`.toLowerCase().includes(word));
  const groups = Map.groupBy(operations(document.data).filter(isWanted), ({ tag }) => tag);
  return (
    <Stack>
      <Text size="sm">
        {t("reference.hint")}{" "}
        <Anchor href="/admin/api/openapi.json" size="sm" underline="always" download="openapi.json">
          {t("reference.download")}
        </Anchor>
      </Text>
      <TextInput
        id={SEARCH_ID}
        type="search"
        maw={320}
        value={get("q")}
        onChange={(event) => set({ q: event.currentTarget.value })}
        placeholder={t("reference.search")}
        aria-label={t("reference.search")}
        leftSection={<IconSearch size={16} />}
      />
      {groups.size === 0 && <Empty title={t("reference.none")} />}
      {[...groups].map(([tag, list]) => (
        <div key={tag}>
          <Title order={2} size="h4" mb="xs">
            {tag}
          </Title>
          <Accordion variant="contained" chevronPosition="left">
            {list.map((operation) => (
              <Item key={`${operation.method} ${operation.path}`} operation={operation} />
            ))}
          </Accordion>
        </div>
      ))}
    </Stack>
  );
}

function Item({ operation }: { operation: Operation }) {
  const { t } = useTranslation("connect");
  const { t: common } = useTranslation();
  const { method, path, summary, role } = operation;
  const parts: [title: string, rows: Row[]][] = [
    [t("reference.parameters"), operation.parameters],
    [t("reference.body"), operation.body],
    // What an answer always has is not asked of anybody.
    [t("reference.answer"), operation.answer.map((row) => ({ ...row, isRequired: false }))],
  ];
  return (
    <Accordion.Item value={`${method} ${path}`}>
      <Accordion.Control>
        <Group gap="xs">
          <Badge color={COLORS[method] ?? "gray"} miw={76}>
            {method}
          </Badge>
          <Code style={{ overflowWrap: "anywhere" }}>{path}</Code>
          <Text size="sm" c="dimmed">
            {summary}
          </Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="sm">
          <Text size="sm">
            {role ? t("reference.role", { role: common(`role.${role}`) }) : t("reference.anyone")}
          </Text>
          {parts.map(([title, rows]) => rows.length > 0 && <Members key={title} title={title} rows={rows} />)}
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

function Members({ title, rows }: { title: string; rows: Row[] }) {
  const { t } = useTranslation("connect");
  return (
    <div>
      <Title order={3} size="h6">
        {title}
      </Title>
      <Table.ScrollContainer minWidth={420}>
        <Table>
          <Table.Tbody>
            {rows.map(({ name, type, isRequired, text }) => (
              <Table.Tr key={name}>
                <Table.Td>
                  <Code>{name}</Code>
                </Table.Td>
                <Table.Td>{type}</Table.Td>
                <Table.Td>{isRequired ? t("reference.required") : ""}</Table.Td>
                <Table.Td>{text}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </div>
  );
}
