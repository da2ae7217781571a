import { Anchor, Progress, Table, Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Schemas } from "../../api/client";
import { useFormat } from "../../parts/format";
import type { Use } from "./queries";

export interface UseRow extends Use {
  key: string;
  name: string;
  /** The requests in the logs; null where these cannot be asked for. */
  href: string | null;
  firstToken?: Schemas["Percentiles"];
}

const tokensOf = (use: Use) => use.promptTokens + use.completionTokens;

/** Who or what used how much, the most first, with bars. */
export function UseTable({ rows, label }: { rows: UseRow[]; label: string }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const most = Math.max(1, ...rows.map(tokensOf));
  const total = Math.max(
    1,
    rows.reduce((sum, row) => sum + tokensOf(row), 0),
  );
  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("use.none")}
      </Text>
    );
  }
  return (
    <Table.ScrollContainer minWidth={280} type="native">
      <Table
        aria-label={label}
        verticalSpacing={6}
        highlightOnHover
        className="numbers"
        style={{ whiteSpace: "nowrap" }}
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("use.name")}</Table.Th>
            <Table.Th ta="right" colSpan={2}>
              {t("use.tokens")}
            </Table.Th>
            <Table.Th ta="right">{t("use.requests")}</Table.Th>
            <Table.Th ta="right" visibleFrom="sm">
              {t("use.errors")}
            </Table.Th>
            <Table.Th ta="right" visibleFrom="sm">
              {t("use.firstToken")}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row
              key={row.key}
              row={row}
              part={tokensOf(row) / most}
              share={format.percent(tokensOf(row) / total)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ row, part, share }: { row: UseRow; part: number; share: string }) {
  const format = useFormat();
  const [, go] = useLocation();
  const { href } = row;
  const p95 = row.firstToken?.p95 ?? null;
  return (
    <Table.Tr {...(href && { onClick: () => go(href), style: { cursor: "pointer" } })}>
      <Table.Td maw={0} w="45%" miw={110}>
        <RowName name={row.name} href={href} />
      </Table.Td>
      <Table.Td miw={48} w="15%">
        <Tooltip label={share}>
          <Progress value={part * 100} size="md" aria-label={format.pair(row.name, share)} />
        </Tooltip>
      </Table.Td>
      <Table.Td ta="right">{format.short(tokensOf(row))}</Table.Td>
      <Table.Td ta="right">{format.short(row.requests)}</Table.Td>
      <Table.Td ta="right" visibleFrom="sm">
        {format.percent(row.requests > 0 ? row.failed / row.requests : 0)}
      </Table.Td>
      <Table.Td ta="right" visibleFrom="sm">
        {p95 === null ? "–" : format.ms(p95)}
      </Table.Td>
    </Table.Tr>
  );
}

/** The name of a row, as a link for the keyboard and for other tabs. */
export function RowName({ name, href }: { name: string; href: string | null }) {
  if (!href) {
    return (
      <Text size="sm" c="dimmed" truncate>
        {name}
      </Text>
    );
  }
  return (
    <Anchor
      component={Link}
      href={href}
      size="sm"
      fw={500}
      truncate
      title={name}
      display="block"
      onClick={(event: React.MouseEvent) => event.stopPropagation()}
    >
      {name}
    </Anchor>
  );
}
