import { useQuery } from "@tanstack/react-query";
import { api, data } from "../api/client";

/** Most names that a picker offers; others can be typed. */
const MOST = 1_000;

/** What backends have and what channels map, as clients name it; only what has `capability`, or may have it. */
export function useModelNames(capability?: string): string[] {
  const models = useQuery({
    queryKey: ["models", "names"],
    queryFn: () => data(api.GET("/admin/api/models", { params: { query: { limit: MOST } } })),
    staleTime: 60_000,
  });
  return (models.data?.models ?? [])
    .filter(({ capabilities }) => !capability || !capabilities || capabilities.includes(capability))
    .map(({ name }) => name);
}
