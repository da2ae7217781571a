import { Button, Chip, Group, Text, Tooltip } from "@mantine/core";
import { IconAlertCircle, IconRefresh } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useMayChange } from "../../api/queries";
import { FilterSelect } from "../../parts/FilterSelect";
import { Empty } from "../../parts/states";
import { Toolbar } from "../../parts/Toolbar";
import { useDrawer, useFilters } from "../../parts/url";
import { useChange } from "../../parts/useChange";
import { useRows } from "../../parts/useRows";
import { useCapability } from "./Capabilities";
import { countOf, loadedNow, mainOf, nameOf } from "./facts";
import { ModelTable } from "./ModelTable";
import { type Answer, type Holder, holdersOf, type Model, refresh, useModels } from "./queries";

/** `3.2B` and `137M` as numbers. */
function parametersOf(model: Model): number | undefined {
  const [, number, unit] = /^([\d.]+)\s*([KMBT]?)/i.exec(mainOf(model)?.parameterSize ?? "") ?? [];
  if (!number) return undefined;
  return Number(number) * 1_000 ** ["", "K", "M", "B", "T"].indexOf((unit ?? "").toUpperCase());
}

const WAYS: Parameters<typeof useRows<Model>>[1] = {
  text: ({ name, aliases, versions }) => [
    name,
    ...aliases.map((alias) => alias.name),
    ...versions.flatMap((version) => [version.family, version.quantization, version.digest]),
  ],
  sort: {
    name: (model) => model.name,
    where: countOf,
    size: (model) => mainOf(model)?.size,
    parameters: parametersOf,
    quantization: (model) => mainOf(model)?.quantization,
    context: (model) => model.contextLength,
    modified: (model) => mainOf(model)?.modified,
  },
  filters: {
    can: (model, value) => model.capabilities?.includes(value) ?? false,
    backend: (model, value) => model.versions.some((version) => version.backends.includes(value)),
    drift: (model) => model.drift,
    loaded: (model) => loadedNow(model).length > 0,
  },
  first: "name",
};

/** The models with search and filters. */
export function ModelList() {
  const { t } = useTranslation("models");
  const { get } = useFilters();
  const { open } = useDrawer("models");
  const list = useModels(get("q"));
  const pages = list.data?.pages;
  const models = useMemo(() => pages?.flatMap((page) => page.models), [pages]);
  const holders = useMemo(() => holdersOf(pages), [pages]);
  const { found, rows, page, isFiltered } = useRows(models, WAYS);
  const first = pages?.[0];
  return (
    <>
      {first && <Known answer={first} />}
      <Toolbar
        placeholder={t("search")}
        shown={found.length}
        total={first?.total}
        refresh={list.refetch}
        isRefreshing={list.isRefetching}
      >
        <Filters models={models ?? []} holders={holders} />
      </Toolbar>
      <ModelTable
        rows={models && rows}
        holders={holders}
        total={first?.backendsTotal ?? 0}
        paging={{ page, found: found.length }}
        more={{
          has: list.hasNextPage,
          load: () => void list.fetchNextPage(),
          isLoading: list.isFetchingNextPage,
        }}
        isFiltered={isFiltered}
        error={list.error}
        retry={list.refetch}
        empty={first && <Nothing answer={first} />}
        onOpen={(model) => open(model.name)}
      />
    </>
  );
}

/** Of how many backends the models are known. */
function Known({ answer }: { answer: Answer }) {
  const { t } = useTranslation("models");
  const { backendsTotal, backendsListed } = answer;
  if (backendsTotal === 0) return null;
  return (
    <Group gap={6} mb="sm" wrap="nowrap">
      {backendsListed < backendsTotal && (
        <IconAlertCircle size={16} color="var(--mantine-color-orange-text)" aria-hidden />
      )}
      <Text size="sm" c="dimmed">
        {t("known", { listed: backendsListed, count: backendsTotal })}
      </Text>
    </Group>
  );
}

function Filters({ models, holders }: { models: Model[]; holders: Map<string, Holder> }) {
  const { t } = useTranslation("models");
  const { get, set } = useFilters();
  const word = useCapability();
  const abilities = useMemo(
    () => [...new Set(models.flatMap((model) => model.capabilities ?? []))].sort(),
    [models],
  );
  const backends = useMemo(
    () => [...holders.values()].map((holder) => ({ value: holder.id, label: nameOf(holder) })),
    [holders],
  );
  const only = (name: "drift" | "loaded") => (
    <Chip
      checked={get(name) !== ""}
      onChange={(isOn) => set({ [name]: isOn ? "1" : null })}
      size="sm"
      radius="sm"
    >
      {t(`filter.${name}`)}
    </Chip>
  );
  return (
    <>
      <FilterSelect
        name="can"
        label={t("filter.can")}
        data={abilities.map((value) => ({ value, label: word(value) }))}
        searchable
      />
      <FilterSelect name="backend" label={t("filter.backend")} data={backends} searchable />
      <Group gap={6} wrap="nowrap">
        {only("drift")}
        {only("loaded")}
      </Group>
    </>
  );
}

/** Asks the backends anew; says what that does. */
export function ReadAnew() {
  const { t } = useTranslation("models");
  const anew = useChange({
    call: refresh,
    stale: [["models"], ["keys"], ["channels"]],
    isBad: ({ failed, late }) => failed + late > 0,
    done: ({ addresses, answered }) => t("anew.done", { answered, count: addresses }),
  });
  return (
    <Tooltip label={t("anew.hint")} multiline maw={300}>
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} />}
        onClick={() => anew.mutate()}
        loading={anew.isPending}
        aria-description={t("anew.hint")}
      >
        {t("anew.do")}
      </Button>
    </Tooltip>
  );
}

/** No models: what to do depends on what there is. */
function Nothing({ answer }: { answer: Answer }) {
  const { t } = useTranslation("models");
  const mayChange = useMayChange();
  if (answer.backendsTotal === 0) {
    const action = mayChange && (
      <>
        <Button component={Link} href="/channels/new">
          {t("empty.channel")}
        </Button>
        <Button component={Link} href="/keys/new" variant="default">
          {t("empty.key")}
        </Button>
      </>
    );
    return <Empty title={t("empty.noBackend")} hint={t("empty.noBackendHint")} action={action} />;
  }
  const isSilent = answer.backendsListed === 0;
  return (
    <Empty
      title={isSilent ? t("empty.silent") : t("empty.none")}
      hint={isSilent ? t("empty.silentHint") : t("empty.noneHint")}
      action={<ReadAnew />}
    />
  );
}
