import { Select } from "@mantine/core";
import { useFilters } from "./url";

interface FilterSelectProps {
  /** Its name in the address. */
  name: string;
  label: string;
  data: (string | { value: string; label: string })[];
  searchable?: boolean;
}

/** A filter of a list by one of some values, kept in the address; not there while there is nothing to choose. */
export function FilterSelect({ name, label, data, searchable = false }: FilterSelectProps) {
  const { get, set } = useFilters();
  if (data.length === 0 && get(name) === "") return null;
  return (
    <Select
      data={data}
      value={get(name) || null}
      onChange={(value) => set({ [name]: value })}
      placeholder={label}
      aria-label={label}
      clearable
      searchable={searchable}
      limit={100}
      w={140}
    />
  );
}
