import { useQuery } from "@tanstack/react-query";
import { api, type Channel, data } from "../../api/client";
import { type Dashboard, REFRESH_MS } from "../../api/queries";

export const RANGES = ["1h", "24h", "7d", "30d"] as const;
export type RangeName = (typeof RANGES)[number];
export type Range = NonNullable<Dashboard["range"]>;
export type Piece = Range["series"][number];
export type Use = Range["totals"];
export type Full = Dashboard & { range: Range };

export function useDashboard(range: RangeName) {
  return useQuery({
    queryKey: ["dashboard", range],
    queryFn: async () =>
      (await data(api.GET("/admin/api/dashboard", { params: { query: { range } } }))) as Full,
    refetchInterval: REFRESH_MS,
    placeholderData: (before) => before,
  });
}

const byId = ({ channels }: { channels: Channel[] }) => new Map(channels.map(({ id, name }) => [id, name]));

/** What the channels are called, where any is wanted. */
export function useChannelNames(isWanted: boolean): Map<string, string> | undefined {
  return useQuery({
    queryKey: ["channels", "list"],
    queryFn: () => data(api.GET("/admin/api/channels")),
    select: byId,
    staleTime: 60_000,
    enabled: isWanted,
  }).data;
}
