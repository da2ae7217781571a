import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, data, type Token } from "../../api/client";
import { REFRESH_MS } from "../../api/queries";

const PAGE = 50;

export type Status = Token["status"];

/** Orders that the gateway knows, as its columns; behind a minus the last comes first. */
const SORTS = ["createdAt", "name", "lastUsed", "quotaUsed", "totalTokens"];
export const FIRST = "createdAt";

/** Tokens page by page, as the gateway finds them. */
export function useTokens(search: string, status: string, order: string) {
  const sort = SORTS.includes(order.replace(/^-/, "")) ? order : FIRST;
  return useInfiniteQuery({
    queryKey: ["tokens", "list", search, status, sort],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/admin/api/tokens", {
          params: {
            query: {
              limit: PAGE,
              sort,
              ...(search && { search }),
              ...(status && { status: status as Status }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor || undefined,
    refetchInterval: REFRESH_MS,
    placeholderData: (before) => before,
  });
}

export function useToken(id: string) {
  return useQuery({
    queryKey: ["tokens", "one", id],
    queryFn: async () => (await data(api.GET("/admin/api/tokens/{id}", { params: { path: { id } } }))).token,
    refetchInterval: REFRESH_MS,
  });
}

export function useTokenUsage(id: string) {
  return useQuery({
    queryKey: ["tokens", "usage", id],
    queryFn: async () =>
      (await data(api.GET("/admin/api/tokens/{id}/usage", { params: { path: { id } } }))).usage,
  });
}
