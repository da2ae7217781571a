import { useCallback } from "react";
import { useLocation, useSearch, useSearchParams } from "wouter";

/** What clearing the filters leaves in the address. */
const UNFILTERED = ["sort", "view", "live"];

type Changes = Record<string, string | string[] | null | undefined>;

/**
 * Filters, sorting and paging, kept in the address: what `get` reads is what a link shows. Setting a name to `null` or
 * "" takes it out; a new filter begins at the first page.
 */
export function useFilters() {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Changes) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (!("page" in changes)) after.delete("page");
          for (const [name, value] of Object.entries(changes)) {
            const text = Array.isArray(value) ? value.join(",") : value;
            if (text) after.set(name, text);
            else after.delete(name);
          }
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );
  const clear = useCallback(
    () =>
      setParams((before) => new URLSearchParams([...before].filter(([name]) => UNFILTERED.includes(name))), {
        replace: true,
      }),
    [setParams],
  );
  const get = useCallback((name: string) => params.get(name) ?? "", [params]);
  return { get, set, clear, params };
}

/** A part of the address as it was before it was encoded; what is no code stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * What the page's drawer shows, after the page's name in the address: an id or "new", and perhaps a part of it such as
 * "edit". `open` goes there, keeping the filters; without an id it closes the drawer.
 */
export function useDrawer(page: string) {
  const [path, go] = useLocation();
  const search = useSearch();
  const [, name, id, part] = path.split("/");
  const open = useCallback(
    (id?: string, part?: string) => {
      const ends = [id, part].filter((end) => end !== undefined).map((end) => `/${encodeURIComponent(end)}`);
      go(`/${page}${ends.join("")}${search ? `?${search}` : ""}`);
    },
    [go, page, search],
  );
  return { id: name === page && id ? decoded(id) : undefined, part, open };
}
