import { ActionIcon, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFilters } from "./url";

/** Where `/` leads. */
export const SEARCH_ID = "search";
const PAUSE_MS = 200;

export interface SearchFieldProps {
  placeholder?: string;
  /** Its name in the address; `q` unless given. */
  name?: string;
  /** What a text means in the address, if it is not only itself. */
  means?: (text: string) => Record<string, string | null>;
}

/** The text that a list is searched for, kept in the address. */
export function SearchField({ placeholder, name = "q", means }: SearchFieldProps) {
  const { t } = useTranslation();
  const { get, set } = useFilters();
  const kept = get(name);
  const [text, setText] = useState(kept);
  useEffect(() => setText(kept), [kept]);
  const keep = useDebouncedCallback((text: string) => {
    const changes = means?.(text) ?? { [name]: text };
    set(changes);
    if (!changes[name]) setText("");
  }, PAUSE_MS);
  return (
    <TextInput
      id={SEARCH_ID}
      type="search"
      size="sm"
      flex="1 1 240px"
      maw={{ xs: 320 }}
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
          <ActionIcon size="sm" aria-label={t("do.clear")} onClick={() => set({ [name]: null })}>
            <IconX size={14} />
          </ActionIcon>
        )
      }
    />
  );
}
