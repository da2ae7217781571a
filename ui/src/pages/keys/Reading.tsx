import { Badge, Code, Table, Text } from "@mantine/core";
import { IconAlertCircle, IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { hasKey } from "../../parts/backend";
import type { Line } from "./queries";

export type Verdict = "added" | "duplicates" | "errors";

export function verdictOf({ error, duplicate }: Line): Verdict {
  if (error !== undefined) return "errors";
  return duplicate ? "duplicates" : "added";
}

const LOOKS = {
  added: { icon: IconCheck, color: "teal" },
  duplicates: { icon: IconCopy, color: "gray" },
  errors: { icon: IconAlertCircle, color: "red" },
} as const;

/** How what was typed is read; of a single line its number is not told. */
export function Reading({ lines, isSingle = false }: { lines: Line[]; isSingle?: boolean }) {
  const { t } = useTranslation("keys");
  return (
    <Table.ScrollContainer minWidth={isSingle ? 400 : 520} role="status" aria-label={t("reading.title")}>
      <Table verticalSpacing={6} withTableBorder>
        <Table.Thead>
          <Table.Tr>
            {!isSingle && <Table.Th>{t("reading.line")}</Table.Th>}
            <Table.Th>{t("reading.verdict")}</Table.Th>
            <Table.Th>{t("reading.form")}</Table.Th>
            <Table.Th>{t("reading.address")}</Table.Th>
            <Table.Th>{t("reading.key")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line have nothing else that tells them apart
            <Row key={`${line.line} ${at}`} line={line} isSingle={isSingle} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ line, isSingle }: { line: Line; isSingle: boolean }) {
  const { t } = useTranslation("keys");
  const verdict = verdictOf(line);
  const { icon: Icon, color } = LOOKS[verdict];
  const { of } = line;
  return (
    <Table.Tr>
      {!isSingle && <Table.Td className="numbers">{line.line}</Table.Td>}
      <Table.Td>
        <Badge color={color} tt="none" leftSection={<Icon size={12} aria-hidden />}>
          {t(`reading.is.${verdict}`)}
        </Badge>
        {of && (
          <Text size="xs" c="dimmed">
            {of.line === undefined
              ? t("reading.ofKey", { name: of.name })
              : t("reading.ofLine", { line: of.line })}
          </Text>
        )}
      </Table.Td>
      {verdict === "errors" ? (
        <Table.Td colSpan={3}>
          <Code style={{ overflowWrap: "anywhere" }}>{line.input}</Code>
          <Text size="sm" c="var(--mantine-color-error)">
            {line.error}
          </Text>
        </Table.Td>
      ) : (
        <>
          <Table.Td style={{ whiteSpace: "nowrap" }}>{line.form}</Table.Td>
          <Table.Td style={{ overflowWrap: "anywhere" }}>{line.baseUrl}</Table.Td>
          <Table.Td>{line.key && hasKey(line.key) ? <Code>{line.key}</Code> : t("noKey")}</Table.Td>
        </>
      )}
    </Table.Tr>
  );
}
