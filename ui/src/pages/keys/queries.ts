import { useQuery } from "@tanstack/react-query";
import { api, data } from "../../api/client";
import { REFRESH_MS } from "../../api/queries";

/** All keys, with what is known of them now. */
export function useKeys() {
  return useQuery({
    queryKey: ["keys", "list"],
    queryFn: () => data(api.GET("/admin/api/keys")),
    refetchInterval: REFRESH_MS,
  });
}

export function useKey(id: string) {
  return useQuery({
    queryKey: ["keys", "one", id],
    queryFn: async () => (await data(api.GET("/admin/api/keys/{id}", { params: { path: { id } } }))).key,
    refetchInterval: REFRESH_MS,
  });
}

/** How a piece of what was typed is read. */
export interface Line {
  line: number;
  form?: string;
  baseUrl?: string;
  /** Masked. */
  key?: string;
  name?: string;
  duplicate?: boolean;
  /** What a duplicate repeats: a key that is stored, or a line before it. */
  of?: { id?: string; name?: string; line?: number };
  /** Why it is no key line. */
  error?: string;
  input?: string;
}

/** How key lines are read; nothing is stored. What was typed is forgotten with the form. */
export function useReading(keys: string, baseUrl: string) {
  return useQuery({
    queryKey: ["key lines", keys, baseUrl],
    queryFn: async ({ signal }) => {
      const body = { keys, ...(baseUrl && { baseUrl }) };
      const { lines, summary } = await data(api.POST("/admin/api/keys/preview", { body, signal }));
      return { lines: lines as unknown as Line[], summary };
    },
    enabled: keys.trim() !== "",
    gcTime: 0,
    placeholderData: (before) => before,
  });
}
