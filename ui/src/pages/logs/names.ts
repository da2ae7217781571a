import { useQuery } from "@tanstack/react-query";
import { api, data } from "../../api/client";

const FRESH_MS = 60_000;

/** Names of tokens in which a text is found. */
export function useTokenNames(search: string): string[] {
  const tokens = useQuery({
    queryKey: ["tokens", "names", search],
    queryFn: async () => {
      const query = { limit: 50, ...(search && { search }) };
      return (await data(api.GET("/admin/api/tokens", { params: { query } }))).tokens;
    },
    staleTime: FRESH_MS,
    placeholderData: (before) => before,
  });
  return (tokens.data ?? []).map(({ name }) => name);
}

/** Names of channels, and of their backends and the keys of the pool. */
export function useBackendNames(): { channels: string[]; backends: string[] } {
  const channels = useQuery({
    queryKey: ["channels", "list"],
    queryFn: () => data(api.GET("/admin/api/channels")),
    staleTime: FRESH_MS,
  });
  const keys = useQuery({
    queryKey: ["keys", "names"],
    queryFn: async () => (await data(api.GET("/admin/api/keys"))).keys.map(({ name }) => name),
    staleTime: FRESH_MS,
  });
  const all = channels.data?.channels ?? [];
  return {
    channels: all.map(({ name }) => name),
    backends: [...all.flatMap((channel) => channel.backends.map(({ name }) => name)), ...(keys.data ?? [])],
  };
}
