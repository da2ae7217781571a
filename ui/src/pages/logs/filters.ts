/** Filters of requests, named as the admin API names them; in the address and in its calls alike. */
export const FILTERS = [
  "text",
  "since",
  "until",
  "outcome",
  "level",
  "token",
  "channel",
  "backend",
  "model",
  "status",
  "ip",
  "id",
] as const;

export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

export const PRESETS = ["15m", "1h", "24h", "7d"] as const;
export type Preset = (typeof PRESETS)[number];

export const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The filters that an address has. */
export function filtersOf(get: (name: string) => string): Filters {
  return Object.fromEntries(FILTERS.map((name) => [name, get(name)]).filter(([, value]) => value !== ""));
}

/** What a new search means: an id of ours is looked up as one, all else in the errors. */
export function searched(text: string): Record<string, string | null> {
  const words = text.trim();
  return /^req_[0-9a-f]{32}$/.test(words) ? { id: words, text: null } : { text: words };
}

/** A moment as `datetime-local` has it, in the browser's zone; "" for what is none. */
export function toLocal(moment: string): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The moment that a `datetime-local` means; "" for none. */
export function toMoment(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
