import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ApiError, api, data } from "../../api/client";
import { REFRESH_MS } from "../../api/queries";
import type { paths } from "../../api/schema";

export type Answer = paths["/admin/api/models"]["get"]["responses"][200]["content"]["application/json"];
export type Model = Answer["models"][number];
export type Version = Model["versions"][number];
export type Loaded = Model["loaded"][number];
export type Holder = Answer["backends"][number];

/** Models on a page, the most that the gateway gives. */
const PAGE = 1_000;

const ask = (query: { search?: string; cursor?: string; refresh?: "true"; limit?: number }) =>
  data(api.GET("/admin/api/models", { params: { query: { limit: PAGE, ...query } } }));

function usePages(search: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["models", "list", search],
    queryFn: ({ pageParam }) => ask({ ...(search && { search }), ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor || undefined,
    refetchInterval: REFRESH_MS * 3,
    enabled,
  });
}

/** All models, or as many as a page has: then the gateway searches. */
export function useModels(search: string) {
  const whole = usePages("", true);
  const isSearched = search !== "" && whole.hasNextPage;
  const found = usePages(search, isSearched);
  return isSearched ? found : whole;
}

/** Backends by their ids. */
export function holdersOf(pages: Answer[] | undefined): Map<string, Holder> {
  return new Map(pages?.flatMap((page) => page.backends.map((backend) => [backend.id, backend] as const)));
}

export function useModel(name: string) {
  return useQuery({
    queryKey: ["models", "one", name],
    queryFn: async () => {
      const answer = await ask({ search: name });
      const model = answer.models.find((one) => one.name === name);
      if (!model) throw new ApiError(404, null, null);
      return { model, holders: holdersOf([answer]) };
    },
    refetchInterval: REFRESH_MS,
  });
}

/** Has the gateway read the lists of all backends anew, and what they have loaded. */
export async function refresh(): Promise<NonNullable<Answer["refresh"]>> {
  const answer = await ask({ refresh: "true", limit: 1 });
  return answer.refresh ?? { addresses: 0, answered: 0, failed: 0, late: 0 };
}
