import { Button, Menu as Dropdown } from "@mantine/core";
import { IconChevronDown, IconDownload, IconSettings, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api, data } from "../../api/client";
import { confirm } from "../../parts/confirm";
import { useFilters } from "../../parts/url";
import { useChange } from "../../parts/useChange";
import { filtersOf } from "./filters";

/** What admins can do with the whole log: take it away as a file, delete it, set how much is kept. */
export function Menu() {
  const { t } = useTranslation("logs");
  const { t: common } = useTranslation();
  const { get } = useFilters();
  const filters = filtersOf(get);
  const clear = useChange({
    call: () => data(api.DELETE("/admin/api/logs")),
    stale: [["logs"]],
    done: common("deleted"),
  });
  const ask = () =>
    confirm({
      title: t("clear.ask"),
      text: t("clear.hint"),
      verb: common("do.delete"),
      onConfirm: () => clear.mutate(),
    });
  const href = (format: "csv" | "jsonl") =>
    `/admin/api/logs/export?${new URLSearchParams({ ...filters, format })}`;
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <Dropdown position="bottom-end">
      <Dropdown.Target>
        <Button variant="default" rightSection={<IconChevronDown size={16} />} loading={clear.isPending}>
          {t("menu")}
        </Button>
      </Dropdown.Target>
      <Dropdown.Dropdown>
        <Dropdown.Label>{isFiltered ? t("export.filtered") : t("export.all")}</Dropdown.Label>
        {(["csv", "jsonl"] as const).map((format) => (
          <Dropdown.Item
            key={format}
            component="a"
            href={href(format)}
            download
            leftSection={<IconDownload size={16} />}
          >
            {t(`export.${format}`)}
          </Dropdown.Item>
        ))}
        <Dropdown.Divider />
        <Dropdown.Item component={Link} href="/settings?q=log" leftSection={<IconSettings size={16} />}>
          {t("settings")}
        </Dropdown.Item>
        <Dropdown.Item color="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} onClick={ask}>
          {t("clear.do")}
        </Dropdown.Item>
      </Dropdown.Dropdown>
    </Dropdown>
  );
}
