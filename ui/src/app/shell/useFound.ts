import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, data } from "../../api/client";

/** As many of each kind as the list of commands shows. */
const MOST = 5;
/** A single letter finds too much to be of use. */
const SHORTEST = 2;

export interface Found {
  page: "tokens" | "channels" | "keys";
  id: string;
  name: string;
}

/** Tokens, channels and keys whose names have what was typed. */
export function useFound(typed: string): Found[] {
  const [sought] = useDebouncedValue(typed.trim().toLowerCase(), 200);
  const enabled = sought.length >= SHORTEST;
  const shared = { enabled, staleTime: 60_000 };
  const tokens = useQuery({
    ...shared,
    queryKey: ["tokens", "found", sought],
    queryFn: () => data(api.GET("/admin/api/tokens", { params: { query: { search: sought, limit: MOST } } })),
  });
  const channels = useQuery({
    ...shared,
    queryKey: ["channels", "list"],
    queryFn: () => data(api.GET("/admin/api/channels")),
  });
  const keys = useQuery({
    ...shared,
    queryKey: ["keys", "list"],
    queryFn: () => data(api.GET("/admin/api/keys")),
  });
  if (!enabled) return [];
  const found = (page: Found["page"], all: { id: string; name: string }[] | undefined): Found[] =>
    (all ?? [])
      .filter(({ name }) => name.toLowerCase().includes(sought))
      .slice(0, MOST)
      .map(({ id, name }) => ({ page, id, name }));
  return [
    ...found("tokens", tokens.data?.tokens),
    ...found("channels", channels.data?.channels),
    ...found("keys", keys.data?.keys),
  ];
}
