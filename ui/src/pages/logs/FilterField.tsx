import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useState } from "react";
import { useFilters } from "../../parts/url";

interface FilterFieldProps
  extends Pick<AutocompleteProps, "label" | "placeholder" | "aria-label" | "size" | "w"> {
  /** Its name in the address. */
  name: string;
  /** What is offered; anything else can be typed too. */
  choices?: string[];
  onType?: (text: string) => void;
}

/** Choices that are offered at once. */
const OFFERED = 50;

/** A filter for a text, which is asked for when it is finished: by Enter, by a choice, or by going on. */
export function FilterField({ name, choices = [], onType, ...rest }: FilterFieldProps) {
  const { get, set } = useFilters();
  const value = get(name);
  /** What is typed and not yet asked for. */
  const [text, setText] = useState<string>();
  const keep = (text: string) => {
    setText(undefined);
    if (text.trim() !== value) set({ [name]: text.trim() });
  };
  return (
    <Autocomplete
      data={[...new Set(choices)]}
      limit={OFFERED}
      value={text ?? value}
      onChange={(text) => {
        setText(text);
        onType?.(text);
      }}
      onOptionSubmit={keep}
      onBlur={() => text !== undefined && keep(text)}
      onKeyDown={(event) => event.key === "Enter" && keep(event.currentTarget.value)}
      onClear={() => keep("")}
      clearable
      {...rest}
    />
  );
}
