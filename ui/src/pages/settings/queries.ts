import { useQuery } from "@tanstack/react-query";
import { api, data } from "../../api/client";
import { REFRESH_MS } from "../../api/queries";
import type { paths } from "../../api/schema";

export type Settings = paths["/admin/api/settings"]["get"]["responses"][200]["content"]["application/json"];
export type Saved = paths["/admin/api/settings"]["post"]["responses"][200]["content"]["application/json"];

/** All settings as they are in force. */
export function useSettings() {
  return useQuery({
    queryKey: ["settings"],
    queryFn: () => data(api.GET("/admin/api/settings")),
    refetchInterval: REFRESH_MS,
  });
}

export function useCache() {
  return useQuery({
    queryKey: ["cache"],
    queryFn: () => data(api.GET("/admin/api/cache")),
    refetchInterval: REFRESH_MS,
  });
}
