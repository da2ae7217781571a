import { useQuery } from "@tanstack/react-query";
import { api, data } from "../../api/client";
import { type Dashboard, REFRESH_MS } from "../../api/queries";

export const RANGES = ["1h", "24h", "7d", "30d"] as const;
export type RangeName = (typeof RANGES)[number];
export type Range = NonNullable<Dashboard["range"]>;
export type Piece = Range["series"][number];
export type Use = Range["totals"];
export type Full = Dashboard & { range: Range };

/** Twice the longest stretches, so that each can be compared with the one before it. */
const TWICE = { hours: 48, days: 60 };

export function useDashboard(range: RangeName) {
  return useQuery({
    queryKey: ["dashboard", range],
    queryFn: async () =>
      (await data(api.GET("/admin/api/dashboard", { params: { query: { range, ...TWICE } } }))) as Full,
    refetchInterval: REFRESH_MS,
    placeholderData: (before) => before,
  });
}

const add = (uses: Use[], name: keyof Use) => uses.reduce((sum, use) => sum + use[name], 0);

/** What was used in the stretch before the one that is shown, if sums of it are kept. */
export function beforeOf({
  range,
  hours,
  days,
}: Full): (Pick<Use, "requests" | "failed"> & { tokens: number }) | null {
  const [pieces, count] = { "1h": [[], 0], "24h": [hours, 24], "7d": [days, 7], "30d": [days, 30] }[
    range.name
  ] as [Use[], number];
  const past = pieces.slice(-2 * count, -count || undefined);
  if (count === 0 || past.length < count) return null;
  const requests = add(past, "requests");
  if (requests === 0) return null;
  const tokens = add(past, "promptTokens") + add(past, "completionTokens");
  return { requests, failed: add(past, "failed"), tokens };
}
