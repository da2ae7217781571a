import { Group, MultiSelect, Select, Skeleton, Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failed } from "../../parts/states";
import { useFilters } from "../../parts/url";
import { ExplainBar } from "./ExplainBar";
import { ExplainPath } from "./ExplainPath";
import { useExplained, useTokenNames } from "./queries";

const NEEDS = ["vision", "audio", "tools", "thinking", "embedding"] as const;

/** Who would serve a model, for whom and for what; all of it in the address. */
export function Explain({ models }: { models: string[] }) {
  const { t } = useTranslation("channels");
  const { get, set } = useFilters();
  const asked = { model: get("explain"), token: get("for"), needs: get("needs") };
  const explained = useExplained(asked);
  const needs = asked.needs.split(",").filter((need) => need !== "");
  return (
    <Stack>
      <ExplainBar key={asked.model} models={models} label={t("explain.model")} />
      <Group gap="xs" align="flex-start" grow preventGrowOverflow={false}>
        <TokenSelect id={asked.token} onChange={(id) => set({ for: id })} />
        <MultiSelect
          label={t("explain.needs")}
          data={NEEDS.map((value) => ({ value, label: t(`explain.need.${value}`) }))}
          value={needs}
          onChange={(chosen) => set({ needs: chosen })}
          clearable
          miw={200}
        />
      </Group>
      {explained.isPending && <Skeleton h={320} />}
      {explained.isError && <Failed error={explained.error} retry={explained.refetch} />}
      {explained.data && !explained.isError && <ExplainPath explained={explained.data} />}
    </Stack>
  );
}

function TokenSelect({ id, onChange }: { id: string; onChange: (id: string | null) => void }) {
  const { t } = useTranslation("channels");
  const [search, setSearch] = useState("");
  const [sought] = useDebouncedValue(search, 200);
  const tokens = useTokenNames(sought).data ?? [];
  const options = tokens.map((token) => ({ value: token.id, label: token.name }));
  // One of a link may not be among those that were found.
  const isThere = id === "" || tokens.some((token) => token.id === id);
  return (
    <Select
      label={t("explain.token")}
      placeholder={t("explain.anyToken")}
      data={isThere ? options : [...options, { value: id, label: id }]}
      value={id || null}
      onChange={onChange}
      onSearchChange={setSearch}
      filter={({ options }) => options}
      searchable
      clearable
      miw={200}
    />
  );
}
