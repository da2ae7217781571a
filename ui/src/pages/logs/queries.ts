import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ApiError, api, data, type Schemas } from "../../api/client";
import { REFRESH_MS } from "../../api/queries";
import type { Filters } from "./filters";
import { toRecord } from "./record";

export type AuditEntry = Schemas["AuditEntry"];

/** Rows of a page; of a longer list only the last pages are kept, so that a million rows are no burden. */
const PAGE = 100;
const MOST_PAGES = 5;

/** Only the newest page is asked again by itself, as what follows hangs on it; and nothing that was refused. */
function whileFirst(query: { state: { data?: { pages: unknown[] } | undefined; error: unknown } }) {
  const { data, error } = query.state;
  const isRefused = error instanceof ApiError && !error.isLost;
  return isRefused || (data?.pages.length ?? 0) > 1 ? (false as const) : REFRESH_MS;
}

/** Requests page by page, the newest first. */
export function useLogs(filters: Filters, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["logs", "requests", filters],
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        ...filters,
        type: "request" as const,
        limit: PAGE,
        ...(pageParam && { cursor: pageParam }),
      };
      const page = await data(api.GET("/admin/api/logs", { params: { query: query as never }, signal }));
      return { ...page, logs: page.logs.map(toRecord), first: pageParam };
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor || undefined,
    getPreviousPageParam: () => undefined,
    maxPages: MOST_PAGES,
    refetchInterval: whileFirst,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** One request by its number or its `x-request-id`; it does not change any more. */
export function useLog(key: string) {
  return useQuery({
    queryKey: ["logs", "one", key],
    queryFn: async () =>
      toRecord((await data(api.GET("/admin/api/logs/{id}", { params: { path: { id: key } } }))).log),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Each look is a row of the audit, so nothing is asked by itself again. */
const ASKED_ONCE = {
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
  retry: false,
} as const;

export function useCaptures(enabled: boolean) {
  return useQuery({
    queryKey: ["captures", "list"],
    queryFn: async () => (await data(api.GET("/admin/api/captures", { params: {} }))).captures,
    enabled,
    ...ASKED_ONCE,
  });
}

export function useCapture(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ["captures", "one", id],
    queryFn: async () =>
      (await data(api.GET("/admin/api/captures/{id}", { params: { path: { id } } }))).capture,
    enabled,
    ...ASKED_ONCE,
  });
}

/** Whether requests are captured now; `undefined` while that is not known. */
export function useIsCapturing(): boolean | undefined {
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => data(api.GET("/admin/api/settings")),
    staleTime: 60_000,
  });
  if (!settings.data) return undefined;
  return settings.data.settings.find(({ env }) => env === "CAPTURE")?.value === "tokens";
}

export interface AuditFilters {
  actor?: string;
  action?: string;
  object?: string;
  text?: string;
  since?: string;
  until?: string;
}

/** Changes page by page, the newest first. */
export function useAudit(filters: AuditFilters) {
  return useInfiniteQuery({
    queryKey: ["audit", "list", filters],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/admin/api/audit", {
          params: { query: { ...filters, limit: PAGE, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor || undefined,
    refetchInterval: whileFirst,
    placeholderData: keepPreviousData,
  });
}

/** One change, by its id. */
export function useAuditEntry(id: string) {
  return useQuery({
    queryKey: ["audit", "one", id],
    queryFn: async () => (await data(api.GET("/admin/api/audit/{id}", { params: { path: { id } } }))).entry,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
