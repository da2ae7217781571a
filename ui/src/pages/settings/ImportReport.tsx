import { Alert, Badge, Button, Group, List, Select, Stack, Text, Title } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconEyeOff,
  IconHandStop,
  IconPlusMinus,
} from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { type Column, Rows } from "../../parts/Rows";
import { Empty } from "../../parts/states";
import { useFilters } from "../../parts/url";
import { useRows } from "../../parts/useRows";
import type { Report } from "./Import";

type Item = Report["items"][number] & { row: number };

const FITS = {
  exact: { color: "teal", icon: IconCircleCheck },
  approximate: { color: "orange", icon: IconPlusMinus },
  manual: { color: "red", icon: IconHandStop },
  unsupported: { color: "gray", icon: IconCircleX },
} as const;
const FIT_NAMES = ["exact", "approximate", "manual", "unsupported"] as const;

interface ImportReportProps {
  report: Report;
  isApplying: boolean;
  apply: () => void;
}

/** What would come of each thing in the files, or has. */
export function ImportReport({ report, isApplying, apply }: ImportReportProps) {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const { summary, applied, plainSecrets, warnings } = report;
  const counts = (["new", "present", "left", ...FIT_NAMES] as const).filter((name) => summary[name] > 0);
  const secrets = { names: format.list(plainSecrets) };
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={3} size="h4">
          {t(applied ? "import.done" : "import.report")}
        </Title>
        {!applied && (
          <Button onClick={apply} loading={isApplying} disabled={summary.new === 0}>
            {summary.new === 0 ? t("import.nothing") : t("import.apply", { n: format.number(summary.new) })}
          </Button>
        )}
      </Group>
      <Text size="sm" className="numbers" role="status">
        {counts.map((name) => `${format.number(summary[name])} ${t(`import.summary.${name}`)}`).join(" · ")}
      </Text>
      {warnings.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle />} title={t("review.warnings")} role="alert">
          <List size="sm">
            {warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {plainSecrets.length > 0 && (
        <Alert color="orange" icon={<IconEyeOff />} title={t("import.secrets")}>
          {t(applied ? "import.secretsHint" : "import.secretsFirst", secrets)}
        </Alert>
      )}
      <Items items={report.items} />
    </Stack>
  );
}

function Items({ items }: { items: Report["items"] }) {
  const { t } = useTranslation("settings");
  const { get, set } = useFilters();
  const rows = useMemo(() => items.map((item, row) => ({ ...item, row })), [items]);
  const list = useRows<Item>(rows, {
    text: () => [],
    sort: {
      row: ({ row }) => row,
      file: ({ file }) => file,
      what: ({ what }) => what,
      fit: ({ fit }) => FIT_NAMES.indexOf(fit),
      state: ({ state }) => state,
    },
    filters: { fit: ({ fit }, wanted) => fit === wanted },
    first: "row",
  });
  const columns: Column<Item>[] = [
    { accessor: "file", title: t("import.column.file"), sortable: true, width: 150 },
    { accessor: "what", title: t("import.column.what"), sortable: true },
    {
      accessor: "fit",
      title: t("import.column.fit"),
      sortable: true,
      width: 150,
      render: ({ fit }) => <Fit fit={fit} />,
    },
    {
      accessor: "state",
      title: t("import.column.state"),
      sortable: true,
      width: 120,
      render: ({ state }) => t(`import.state.${state}`),
    },
    {
      accessor: "notes",
      title: t("import.column.notes"),
      width: "40%",
      render: ({ notes }) =>
        notes.map((note) => (
          <Text key={note} size="sm" c="dimmed">
            {note}
          </Text>
        )),
    },
  ];
  return (
    <>
      <Select
        aria-label={t("import.filter")}
        placeholder={t("import.column.fit")}
        clearable
        maw={200}
        data={FIT_NAMES.map((fit) => ({ value: fit, label: t(`import.fit.${fit}`) }))}
        value={get("fit") || null}
        onChange={(fit) => set({ fit })}
      />
      <Rows
        rows={list.rows}
        columns={columns}
        id={({ row }) => String(row)}
        retry={() => undefined}
        first="row"
        isFiltered={list.isFiltered}
        empty={<Empty title={t("import.nothing")} />}
        paging={{ page: list.page, found: list.found.length }}
        minWidth={900}
      />
    </>
  );
}

function Fit({ fit }: { fit: Item["fit"] }) {
  const { t } = useTranslation("settings");
  const { color, icon: Icon } = FITS[fit];
  return (
    <Badge color={color} tt="none" leftSection={<Icon size={14} aria-hidden />}>
      {t(`import.fit.${fit}`)}
    </Badge>
  );
}
