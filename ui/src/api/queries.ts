import { QueryClient, useQuery } from "@tanstack/react-query";
import { ApiError, api, data } from "./client";
import { forgetAll } from "./forget";
import type { paths } from "./schema";

export type Me = paths["/admin/api/me"]["get"]["responses"][200]["content"]["application/json"];

export type Dashboard = paths["/admin/api/dashboard"]["get"]["responses"][200]["content"]["application/json"];
export type Concern = Dashboard["attention"]["list"][number];

/** Lists are asked again while they are looked at; hidden tabs ask nothing. */
export const REFRESH_MS = 10_000;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => error instanceof ApiError && error.isLost && count < 3,
      retryDelay: (count) => Math.min(500 * 2 ** count, 4_000),
      refetchOnWindowFocus: true,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

const KNOWN = "o2o.known";

/** Remembers whether somebody has signed in here: asking in vain would be an error in the browser's console. */
export function setKnown(isKnown: boolean): void {
  if (isKnown) localStorage.setItem(KNOWN, "yes");
  else {
    localStorage.removeItem(KNOWN);
    forgetAll();
  }
}

/**
 * Who is signed in; `null` for nobody. A session that ends leaves the last answer, so that the page stays with all
 * that was typed while the password is asked for again.
 */
export function useMe() {
  return useQuery({
    queryKey: ["me"],
    queryFn: async (): Promise<Me | null> => {
      if (localStorage.getItem(KNOWN) === null) {
        // Perhaps by another tab.
        forgetAll();
        return null;
      }
      try {
        return await data(api.GET("/admin/api/me"));
      } catch (error) {
        if (error instanceof ApiError && error.status === 401)
          return queries.getQueryData<Me>(["me"]) ?? null;
        throw error;
      }
    },
    staleTime: 30_000,
    refetchInterval: 30_000,
  });
}

/** Where clients call: here, unless the panel has a port of its own. */
export const front = (): string => queries.getQueryData<Me | null>(["me"])?.api ?? window.location.origin;

/** Whether the account may change things. */
export function useMayChange(): boolean {
  return useMe().data?.role === "admin";
}

/** How the gateway stands now, without what was used before; `everyMs` is how often it is asked again. */
export function useGlance(everyMs: number) {
  return useQuery({
    queryKey: ["glance"],
    queryFn: () => data(api.GET("/admin/api/dashboard", { params: { query: { hours: 1, days: 1 } } })),
    refetchInterval: everyMs,
  });
}
