import { Alert, Badge, Button, Collapse, Group, Select, TextInput } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { OUTCOMES } from "../../parts/Outcome";
import { Toolbar } from "../../parts/Toolbar";
import { useFilters } from "../../parts/url";
import {
  FILTERS,
  type Filter,
  type Filters,
  PRESETS,
  type Preset,
  searched,
  toLocal,
  toMoment,
} from "./filters";
import { MoreFilters } from "./MoreFilters";
import { Outcomes } from "./Outcomes";
import type { LogRecord } from "./record";

interface FilterBarProps {
  filters: Filters;
  /** Those that are shown, for names of ids. */
  rows: LogRecord[] | undefined;
  warnings: string[];
  refresh: () => unknown;
  isRefreshing: boolean;
  children: ReactNode;
}

/** What requests are asked for: the usual filters, the others when wanted, and each as a chip that can be taken out. */
export function FilterBar({ filters, rows, warnings, refresh, isRefreshing, children }: FilterBarProps) {
  const { t } = useTranslation("logs");
  const [isOpen, open] = useState(false);
  return (
    <>
      <Toolbar
        placeholder={t("filter.text")}
        search={{ name: "text", means: searched }}
        refresh={refresh}
        isRefreshing={isRefreshing}
      >
        <Range filters={filters} />
        <Outcomes />
        <Button
          variant="default"
          leftSection={<IconAdjustmentsHorizontal size={16} />}
          onClick={() => open(!isOpen)}
          aria-expanded={isOpen}
        >
          {t("filter.more")}
        </Button>
        {children}
      </Toolbar>
      <Collapse expanded={isOpen}>{isOpen && <MoreFilters />}</Collapse>
      <Chips filters={filters} rows={rows} />
      {warnings.length > 0 && (
        <Alert color="yellow" mb="sm" role="status" p="xs">
          {warnings.map((warning) => (
            <div key={warning}>{warning}</div>
          ))}
        </Alert>
      )}
    </>
  );
}

const HOUR_MS = 3_600_000;

function isPreset(since: string | undefined): since is Preset {
  return PRESETS.some((preset) => preset === since);
}

/** The last minutes, hours or days, or from one moment to another. */
function Range({ filters: { since, until } }: { filters: Filters }) {
  const { t } = useTranslation("logs");
  const { set } = useFilters();
  const isExact = until !== undefined || (since !== undefined && !isPreset(since));
  const choose = (value: string | null) => {
    if (value !== "exact") return set({ since: value, until: null });
    set({ since: new Date(Date.now() - HOUR_MS).toISOString(), until: new Date().toISOString() });
  };
  const choices = [...PRESETS, "exact" as const].map((value) => ({ value, label: t(`range.${value}`) }));
  return (
    <>
      <Select
        data={choices}
        value={isExact ? "exact" : (since ?? null)}
        onChange={choose}
        placeholder={t("range.all")}
        aria-label={t("filter.range")}
        clearable
        w={190}
      />
      {isExact &&
        (["since", "until"] as const).map((name) => (
          <TextInput
            key={name}
            type="datetime-local"
            step={1}
            value={toLocal((name === "since" ? since : until) ?? "")}
            onChange={(event) => set({ [name]: toMoment(event.currentTarget.value) })}
            aria-label={t(`filter.${name}`)}
          />
        ))}
    </>
  );
}

/** Each filter in force; a press takes it out. */
function Chips({ filters, rows }: { filters: Filters; rows: LogRecord[] | undefined }) {
  const { t } = useTranslation("logs");
  const { t: common } = useTranslation();
  const { set, clear } = useFilters();
  const says = useSays(rows);
  const names = FILTERS.filter((name) => filters[name] !== undefined);
  if (names.length === 0) return null;
  return (
    <Group gap={6} mb="sm" role="group" aria-label={t("filter.present")}>
      {names.map((name) => {
        const value = filters[name] ?? "";
        const label = name === "since" && isPreset(value) ? "range" : name;
        const text = t("filter.chip", { name: t(`filter.${label}`), value: says(name, value) });
        return (
          <Badge
            key={name}
            component="button"
            type="button"
            tt="none"
            size="lg"
            maw={460}
            rightSection={<IconX size={12} aria-hidden />}
            onClick={() => set({ [name]: null })}
            aria-label={t("filter.remove", { filter: text })}
            style={{ cursor: "pointer" }}
          >
            {text}
          </Badge>
        );
      })}
      {names.length > 1 && (
        <Button size="compact-xs" variant="subtle" onClick={clear}>
          {common("list.clearFilters")}
        </Button>
      )}
    </Group>
  );
}

/** The value of a filter for people: names for ids, words for outcomes, times as the language has them. */
function useSays(rows: LogRecord[] | undefined) {
  const { t } = useTranslation("logs");
  const { t: common } = useTranslation();
  const format = useFormat();
  const named = (value: string, kind: "token" | "channel" | "backend") =>
    rows?.find((row) => row[`${kind}Id`] === value)?.[`${kind}Name`] || value;
  return (name: Filter, value: string): string => {
    switch (name) {
      case "outcome": {
        const known = (word: string) => OUTCOMES.find((outcome) => outcome === word);
        return format.either(
          value.split(",").map((word) => {
            const outcome = known(word);
            return outcome ? common(`outcome.${outcome}`) : word;
          }),
        );
      }
      case "since":
      case "until":
        if (name === "since" && isPreset(value)) return t(`range.${value}`);
        return Number.isNaN(Date.parse(value)) ? value : format.moment(value);
      case "token":
      case "channel":
      case "backend":
        return named(value, name);
      default:
        return value;
    }
  };
}
