import type { Channel } from "../../api/client";
import type { paths } from "../../api/schema";
import { type Mapped, toMapping, toRows } from "../../parts/mapping";

export type ChannelBody = NonNullable<
  paths["/admin/api/channels"]["post"]["requestBody"]
>["content"]["application/json"];

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
  return {
    name: channel?.name ?? "",
    baseUrl: channel?.baseUrl ?? "",
    keys: channel?.keys.join("\n") ?? "",
    enabled: channel?.enabled ?? true,
    priority: channel?.priority ?? 0,
    weight: channel?.weight ?? 10,
    models: channel?.models ?? [],
    modelMapping: toRows(channel?.modelMapping),
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
    modelMapping: toMapping(rest.modelMapping),
  };
}
