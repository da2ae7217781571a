import { ActionIcon, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFilters } from "./url";

/** Where `/` leads. */
export const SEARCH_ID = "search";
const PAUSE_MS = 200;

/** The text that a list is searched for; in the address as `q`. */
export function SearchField({ placeholder }: { placeholder?: string }) {
  const { t } = useTranslation();
  const { get, set } = useFilters();
  const kept = get("q");
  const [text, setText] = useState(kept);
  useEffect(() => setText(kept), [kept]);
  const keep = useDebouncedCallback((q: string) => set({ q }), PAUSE_MS);
  return (
    <TextInput
      id={SEARCH_ID}
      type="search"
      size="sm"
      flex="1 1 180px"
      maw={320}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        keep(event.currentTarget.value);
      }}
      placeholder={placeholder ?? t("list.search")}
      aria-label={placeholder ?? t("list.search")}
      leftSection={<IconSearch size={16} />}
      rightSection={
        text && (
          <ActionIcon size="sm" aria-label={t("do.clear")} onClick={() => set({ q: null })}>
            <IconX size={14} />
          </ActionIcon>
        )
      }
    />
  );
}
