import { Badge, Box, Group, Stack, Text, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconBolt, IconGitFork } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Ago } from "../../parts/Ago";
import { useFormat } from "../../parts/format";
import { NameLink } from "../../parts/NameLink";
import { type Column, Rows } from "../../parts/Rows";
import { Status } from "../../parts/Status";
import { Capabilities } from "./Capabilities";
import { Cell, useSays } from "./Cell";
import { countOf, loadedNow, mainOf, nameOf, stateOfHolder } from "./facts";
import type { Holder, Model } from "./queries";

/** Backends that have a column each; more are a count. */
const COLUMNS = 12;
/** Widths in pixels: of all columns but those of backends, and of each of these. */
const WIDTH = 1140;
const COLUMN = 92;

interface TableProps {
  rows: Model[] | undefined;
  holders: Map<string, Holder>;
  /** Backends that are turned on, whether their models are known or not. */
  total: number;
  paging: { page: number; found: number };
  more: { has: boolean; load: () => void; isLoading: boolean };
  isFiltered: boolean;
  error: unknown;
  retry: () => unknown;
  empty: ReactNode;
  onOpen: (model: Model) => void;
}

/** Models by backends: as columns while these have room. */
export function ModelTable({ holders, total, ...rest }: TableProps) {
  const { t } = useTranslation("models");
  const shown = holders.size <= COLUMNS ? [...holders.values()].sort(byName) : [];
  const columns = useColumns(total);
  // On a phone the pinned name would leave no room for the rest.
  const isWide = useMediaQuery("(min-width: 48em)");
  const matrix = shown.map(
    (holder): Column<Model> => ({
      accessor: `on ${holder.id}`,
      title: <Head holder={holder} />,
      textAlign: "center",
      width: COLUMN,
      render: (model) => <Cell model={model} backend={holder.id} />,
    }),
  );
  const [name, where, ...facts] = columns;
  return (
    <>
      <Rows
        columns={[name, where, ...matrix, ...facts].filter((column) => column !== undefined)}
        id={(model) => model.name}
        first="name"
        minWidth={WIDTH + shown.length * COLUMN}
        pinsFirst={isWide}
        {...rest}
      />
      {shown.length > 0 && rest.rows?.some((model) => model.drift) && (
        <Text size="xs" c="dimmed" mt="xs">
          {t("drift.letters")}
        </Text>
      )}
    </>
  );
}

const byName = (a: Holder, b: Holder) => nameOf(a).localeCompare(nameOf(b), undefined, { numeric: true });

function Head({ holder }: { holder: Holder }) {
  const name = nameOf(holder);
  return (
    <Tooltip label={name}>
      <Stack gap={0} align="center" tabIndex={0}>
        <Text
          size="xs"
          fw={600}
          lineClamp={2}
          w={COLUMN - 16}
          style={{ overflowWrap: "anywhere", whiteSpace: "normal" }}
        >
          {holder.channel ?? holder.name}
        </Text>
        {holder.state !== "up" && (
          <Status state={stateOfHolder(holder)} size="xs" variant="transparent" px={0} />
        )}
      </Stack>
    </Tooltip>
  );
}

function useColumns(total: number): Column<Model>[] {
  const { t } = useTranslation("models");
  const format = useFormat();
  const fact = (
    accessor: "size" | "parameters" | "quantization" | "context",
    show: (model: Model) => ReactNode,
  ): Column<Model> => ({
    accessor,
    title: t(`column.${accessor}`),
    textAlign: "right",
    sortable: true,
    noWrap: true,
    render: (model) => <span className="numbers">{show(model) ?? "–"}</span>,
  });
  return [
    { accessor: "name", title: t("column.name"), sortable: true, render: (model) => <Named model={model} /> },
    {
      accessor: "where",
      title: t("column.where"),
      sortable: true,
      render: (model) => <Where model={model} total={total} />,
    },
    fact("size", (model) => {
      const size = mainOf(model)?.size;
      return size == null ? null : format.bytes(size);
    }),
    fact("parameters", (model) => mainOf(model)?.parameterSize),
    fact("quantization", (model) => mainOf(model)?.quantization),
    fact("context", ({ contextLength }) => (contextLength === null ? null : format.number(contextLength))),
    {
      accessor: "capabilities",
      title: t("column.capabilities"),
      width: 220,
      render: (model) => <Capabilities names={model.capabilities} />,
    },
    {
      accessor: "modified",
      title: t("column.modified"),
      sortable: true,
      noWrap: true,
      render: (model) => {
        const at = mainOf(model)?.modified;
        return at ? <Ago at={at} size="sm" /> : "–";
      },
    },
  ];
}

function Named({ model }: { model: Model }) {
  const { t } = useTranslation("models");
  const format = useFormat();
  const aliases = [...new Set(model.aliases.map((alias) => alias.name))];
  return (
    <Box maw={260}>
      <NameLink page="models" id={model.name} name={model.name} />
      {aliases.length > 0 && (
        <Text size="xs" c="dimmed" truncate title={format.list(aliases)}>
          {t("alsoCalled", { names: format.list(aliases) })}
        </Text>
      )}
    </Box>
  );
}

/** On how many backends it is, and what is special about that. */
function Where({ model, total }: { model: Model; total: number }) {
  const { t } = useTranslation("models");
  const format = useFormat();
  const says = useSays();
  const loaded = loadedNow(model);
  return (
    <Group gap={6} wrap="nowrap">
      <Text size="sm" className="numbers" style={{ whiteSpace: "nowrap" }}>
        {t("where", { n: format.number(countOf(model)), total: format.number(total) })}
      </Text>
      {model.drift && (
        <Tooltip label={t("drift.hint", { count: model.versions.length })} multiline maw={280}>
          <Badge
            color="orange"
            tt="none"
            miw="max-content"
            tabIndex={0}
            leftSection={<IconGitFork size={12} aria-hidden />}
          >
            {t("drift.short")}
          </Badge>
        </Tooltip>
      )}
      {loaded.length > 0 && (
        <Tooltip label={loaded.map(says).join("\n")} style={{ whiteSpace: "pre-line" }} multiline>
          <Badge tt="none" miw="max-content" tabIndex={0} leftSection={<IconBolt size={12} aria-hidden />}>
            {t("loaded.count", { n: format.number(loaded.length) })}
          </Badge>
        </Tooltip>
      )}
    </Group>
  );
}
