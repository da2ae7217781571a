import type { Channel } from "../../api/client";
import type { paths } from "../../api/schema";

export type ChannelBody = NonNullable<
  paths["/admin/api/channels"]["post"]["requestBody"]
>["content"]["application/json"];

/** One name asked for, and what it is called at the backend. */
export interface Mapped {
  /** Tells the rows of the editor apart. */
  key: number;
  from: string;
  to: string;
}

/** What the form holds; an empty number is no limit. */
export interface ChannelValues {
  name: string;
  baseUrl: string;
  /** One a line. */
  keys: string;
  enabled: boolean;
  priority: number | "";
  weight: number | "";
  models: string[];
  modelMapping: Mapped[];
  maxConcurrent: number | "";
  rateLimit: number | "";
  tags: string[];
}

export function toValues(channel?: Channel): ChannelValues {
  const mapping = Object.entries(channel?.modelMapping ?? {});
  return {
    name: channel?.name ?? "",
    baseUrl: channel?.baseUrl ?? "",
    keys: channel?.keys.join("\n") ?? "",
    enabled: channel?.enabled ?? true,
    priority: channel?.priority ?? 0,
    weight: channel?.weight ?? 10,
    models: channel?.models ?? [],
    modelMapping: mapping.map(([from, to], key) => ({ key, from, to })),
    maxConcurrent: channel?.maxConcurrent || "",
    rateLimit: channel?.rateLimit || "",
    tags: channel?.tags ?? [],
  };
}

export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** What is sent. Keys go along only if they were changed: else those that are stored stay. */
export function toBody(values: ChannelValues, before?: Channel): ChannelBody {
  const { name, baseUrl, keys, ...rest } = values;
  const isSame = before !== undefined && lines(keys).join("\n") === before.keys.join("\n");
  return {
    ...rest,
    ...((name || before) && { name }),
    ...(baseUrl && { baseUrl }),
    ...(!isSame && { keys: lines(keys) }),
    priority: rest.priority || 0,
    weight: rest.weight || 10,
    maxConcurrent: rest.maxConcurrent || 0,
    rateLimit: rest.rateLimit || null,
    modelMapping: Object.fromEntries(rest.modelMapping.map(({ from, to }) => [from.trim(), to.trim()])),
  };
}

export type Flaw = "empty" | "twice" | "same";

/** What is wrong with a row of the mapping. */
export function flawOf(row: Mapped, rows: Mapped[]): Flaw | undefined {
  const [from, to] = [row.from.trim(), row.to.trim()];
  if (from === "" || to === "") return "empty";
  if (rows.some((other) => other.key !== row.key && other.from.trim() === from)) return "twice";
  return from === to ? "same" : undefined;
}
