import { Select, SimpleGrid } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useModelNames } from "../../parts/ModelPicker";
import { useFilters } from "../../parts/url";
import { FilterField } from "./FilterField";
import { LEVELS } from "./filters";
import { useBackendNames, useTokenNames } from "./names";

const STATUSES = ["2xx", "4xx", "5xx", "400", "401", "403", "404", "429", "502", "503", "504"];
const PAUSE_MS = 200;

/** Filters that are wanted less often. Names may be of things that are gone, so anything can be typed. */
export function MoreFilters() {
  const { t } = useTranslation("logs");
  const { get, set } = useFilters();
  const { channels, backends } = useBackendNames();
  const [typed, type] = useState("");
  const [search] = useDebouncedValue(typed, PAUSE_MS);
  const tokens = useTokenNames(search);
  const models = useModelNames();
  const field = (name: "token" | "model" | "channel" | "backend" | "status" | "ip" | "id") => ({
    name,
    label: t(`filter.${name}`),
    size: "xs" as const,
  });
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="xs" mb="sm">
      <FilterField {...field("token")} choices={tokens} onType={type} />
      <FilterField {...field("model")} choices={models} />
      <FilterField {...field("channel")} choices={channels} />
      <FilterField {...field("backend")} choices={backends} />
      <FilterField {...field("status")} choices={STATUSES} />
      <FilterField {...field("ip")} />
      <FilterField {...field("id")} />
      <Select
        label={t("filter.level")}
        data={LEVELS.map((value) => ({ value, label: t(`level.${value}`) }))}
        value={get("level") || null}
        onChange={(level) => set({ level })}
        clearable
        size="xs"
      />
    </SimpleGrid>
  );
}
