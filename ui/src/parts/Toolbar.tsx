import { ActionIcon, Group, Text, Tooltip } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "./format";
import { SearchField, type SearchFieldProps } from "./SearchField";

interface ToolbarProps {
  placeholder?: string;
  /** Of a search that is not `q`. */
  search?: Omit<SearchFieldProps, "placeholder">;
  /** Other filters. */
  children?: ReactNode;
  /** How many of how many are shown; without `total`, only that many. */
  shown?: number | undefined;
  total?: number | undefined;
  refresh: () => unknown;
  isRefreshing: boolean;
}

/** What stands over a list: search, filters, how many of how many, refresh. */
export function Toolbar({
  placeholder,
  search,
  children,
  shown,
  total,
  refresh,
  isRefreshing,
}: ToolbarProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const of = { shown: format.number(shown ?? 0), total: format.number(total ?? 0) };
  return (
    <Group gap="xs" mb="sm">
      <SearchField {...search} {...(placeholder && { placeholder })} />
      {children}
      <Group gap={4} ml="auto" wrap="nowrap">
        {total !== undefined && (
          <Text size="sm" c="dimmed" className="numbers" role="status">
            {t("list.of", of)}
          </Text>
        )}
        <Tooltip label={t("do.refresh")}>
          <ActionIcon onClick={() => refresh()} loading={isRefreshing} aria-label={t("do.refresh")} size="lg">
            <IconRefresh size={18} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Group>
  );
}
