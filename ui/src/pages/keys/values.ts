import type { Key } from "../../api/client";
import type { paths } from "../../api/schema";
import { hasKey } from "../../parts/backend";
import { type Mapped, toMapping, toRows } from "../../parts/mapping";

type Body = NonNullable<paths["/admin/api/keys/{id}"]["put"]["requestBody"]>["content"]["application/json"];

/** What the form holds; an empty number is no limit. */
export interface KeyValues {
  /** A key line where a key is made; the credential alone, masked, where one is changed. */
  key: string;
  baseUrl: string;
  name: string;
  enabled: boolean;
  priority: number | "";
  weight: number | "";
  maxConcurrent: number | "";
  models: string[];
  modelMapping: Mapped[];
  tags: string[];
  group: string;
}

/** The credential as a form shows it. */
const shown = (key?: Key) => (key && hasKey(key.key) ? key.key : "");

export function toValues(key?: Key): KeyValues {
  return {
    key: shown(key),
    baseUrl: key?.baseUrl ?? "",
    name: key?.name ?? "",
    enabled: key?.enabled ?? true,
    priority: key?.priority ?? 0,
    weight: key?.weight ?? 10,
    maxConcurrent: key?.maxConcurrent || "",
    models: key?.models ?? [],
    modelMapping: toRows(key?.modelMapping),
    tags: key?.tags ?? [],
    group: key?.group ?? "",
  };
}

/** What is sent. The credential goes along only if it was changed: else the stored one stays. */
export function toBody(values: KeyValues, before?: Key): Body {
  const { key, baseUrl, name, ...rest } = values;
  const isSame = before !== undefined && key === shown(before);
  return {
    ...rest,
    ...(!isSame && { key }),
    ...(baseUrl && { baseUrl }),
    ...((name || before) && { name }),
    priority: rest.priority || 0,
    weight: rest.weight || 10,
    maxConcurrent: rest.maxConcurrent || 0,
    modelMapping: toMapping(rest.modelMapping),
  };
}

/** Of all requests, the part that failed, from 0 to 1. */
export function failureRate({ totalRequests, failedRequests }: Key): number {
  return totalRequests > 0 ? failedRequests / totalRequests : 0;
}
