import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, type Channel, data } from "../../api/client";
import { REFRESH_MS } from "../../api/queries";
import type { paths } from "../../api/schema";

export type Explained =
  paths["/admin/api/routes/explain"]["get"]["responses"][200]["content"]["application/json"];
export type Candidate = Explained["tiers"][number]["candidates"][number];
export type Verdict = Candidate["verdict"];

/** All channels, with what is known of them now. */
export function useChannels() {
  return useQuery({
    queryKey: ["channels", "list"],
    queryFn: () => data(api.GET("/admin/api/channels")),
    refetchInterval: REFRESH_MS,
  });
}

export function useChannel(id: string) {
  return useQuery({
    queryKey: ["channels", "one", id],
    queryFn: async () =>
      (await data(api.GET("/admin/api/channels/{id}", { params: { path: { id } } }))).channel,
    refetchInterval: REFRESH_MS,
  });
}

/** Whether weights are turns; else the least busy goes first. */
export function useIsWeighted(): boolean {
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => data(api.GET("/admin/api/settings")),
    staleTime: 60_000,
  });
  const balance = settings.data?.settings.find((setting) => setting.env === "BALANCE");
  return balance?.value !== "least_busy";
}

interface Asked {
  model: string;
  /** Id of a token, or "". */
  token: string;
  /** Parted by commas, or "". */
  needs: string;
}

/** Who would serve a model now. */
export function useExplained({ model, token, needs }: Asked) {
  return useQuery({
    queryKey: ["channels", "explain", model, token, needs],
    queryFn: () =>
      data(
        api.GET("/admin/api/routes/explain", {
          params: { query: { model, ...(token && { token }), ...(needs && { needs }) } },
        }),
      ),
    enabled: model !== "",
    refetchInterval: REFRESH_MS,
    placeholderData: (before) => before,
  });
}

/** Tokens to choose from, those that were found first. */
export function useTokenNames(search: string) {
  return useQuery({
    queryKey: ["tokens", "names", search],
    queryFn: async () =>
      (
        await data(
          api.GET("/admin/api/tokens", { params: { query: { limit: 50, ...(search && { search }) } } }),
        )
      ).tokens,
    staleTime: 30_000,
    placeholderData: (before) => before,
  });
}

/** The models that the backends of these channels say they have, each once and in order. */
export function useModels(channels: Channel[] | undefined): string[] {
  return useMemo(() => modelsOf(channels ?? []), [channels]);
}

export function modelsOf(channels: Pick<Channel, "backends">[]): string[] {
  const names = channels.flatMap((channel) =>
    channel.backends.flatMap((backend) => backend.inventory?.models ?? []),
  );
  return [...new Set(names)].sort((a, b) => a.localeCompare(b));
}
