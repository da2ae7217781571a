import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { navigate } from "wouter/use-browser-location";

/** What clearing the filters leaves in the address. */
const UNFILTERED = ["sort", "view", "live"];

type Changes = Record<string, string | string[] | null | undefined>;

/** Puts filters into the address of the page as it is now. */
function replace(change: (before: URLSearchParams) => URLSearchParams): void {
  const after = change(new URLSearchParams(location.search)).toString();
  navigate(`${location.pathname}${after && `?${after}`}`, { replace: true });
}

function setFilters(changes: Changes): void {
  replace((params) => {
    if (!("page" in changes)) params.delete("page");
    for (const [name, value] of Object.entries(changes)) {
      const text = Array.isArray(value) ? value.join(",") : value;
      if (text) params.set(name, text);
      else params.delete(name);
    }
    return params;
  });
}

function clearFilters(): void {
  replace((before) => new URLSearchParams([...before].filter(([name]) => UNFILTERED.includes(name))));
}

/**
 * Filters, sorting and paging, kept in the address: what `get` reads is what a link shows. Setting a name to `null` or
 * "" takes it out; a new filter begins at the first page. A drawer that opens, which changes only the path, wakes nobody.
 */
export function useFilters() {
  const search = useSearch();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const get = useCallback((name: string) => params.get(name) ?? "", [params]);
  return { get, set: setFilters, clear: clearFilters, params };
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
