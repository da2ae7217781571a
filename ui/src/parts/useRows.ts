import { useMemo } from "react";
import { useFilters } from "./url";

export const PAGE_SIZE = 50;

export interface Ways<T> {
  /** What the search looks through. */
  text: (record: T) => (string | null | undefined)[];
  /** What a column is sorted by. */
  sort: Record<string, (record: T) => string | number | null | undefined>;
  /** Other filters of the address; all must admit a record. */
  filters?: Record<string, (record: T, value: string) => boolean>;
  /** The order without a choice: the name of a column, with `-` for descending. */
  first: string;
}

function compare(a: string | number | null | undefined, b: string | number | null | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a == null || b == null) return (a == null ? 0 : 1) - (b == null ? 0 : 1);
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** Search, filters, order and page of a list that is here whole; all of them in the address. */
export function useRows<T>(records: T[] | undefined, ways: Ways<T>) {
  const { get, params } = useFilters();
  const query = params.toString();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ways are the same for each rendering of a page
  return useMemo(() => {
    const words = get("q").toLowerCase().split(/\s+/).filter(Boolean);
    const filters = Object.entries(ways.filters ?? {}).filter(([name]) => get(name) !== "");
    const isWanted = (record: T) => {
      const text = ways.text(record).join("\n").toLowerCase();
      return (
        words.every((word) => text.includes(word)) &&
        filters.every(([name, admits]) => admits(record, get(name)))
      );
    };
    const order = get("sort") || ways.first;
    const by = ways.sort[order.replace(/^-/, "")];
    const sign = order.startsWith("-") ? -1 : 1;
    const found = (records ?? []).filter(isWanted);
    if (by) found.sort((a, b) => sign * compare(by(a), by(b)));
    const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
    const page = Math.min(pages, Math.max(1, Number(get("page")) || 1));
    return {
      found,
      rows: found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE),
      total: records?.length ?? 0,
      page,
      isFiltered: words.length > 0 || filters.length > 0,
    };
  }, [records, query]);
}
