import type { Token } from "../../api/client";
import type { paths } from "../../api/schema";

export type TokenBody = NonNullable<
  paths["/admin/api/tokens"]["post"]["requestBody"]
>["content"]["application/json"];

/** What the form holds; an empty number is no limit. */
export interface TokenValues {
  name: string;
  note: string;
  allowedModels: string[];
  quotaLimit: number | "";
  rateLimit: number | "";
  tokensPerMinute: number | "";
  maxConcurrent: number | "";
  allowedIPs: string[];
  /** As `datetime-local` has it, in the browser's zone. */
  expiresAt: string;
  allowClientOptions: boolean;
  capture: boolean;
}

const two = (value: number) => String(value).padStart(2, "0");

/** A moment as an input of type `datetime-local` wants it. */
export function toLocal(at: string | null): string {
  if (!at) return "";
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function toValues(token?: Token): TokenValues {
  return {
    name: token?.name ?? "",
    note: token?.note ?? "",
    allowedModels: token?.allowedModels ?? [],
    quotaLimit: token?.quotaLimit || "",
    rateLimit: token?.rateLimit || "",
    tokensPerMinute: token?.tokensPerMinute || "",
    maxConcurrent: token?.maxConcurrent || "",
    allowedIPs: token?.allowedIPs ?? [],
    expiresAt: toLocal(token?.expiresAt ?? null),
    allowClientOptions: token?.allowClientOptions ?? false,
    capture: token?.capture ?? false,
  };
}

/** What is sent. The expiry goes along only if it was changed, as the input knows no seconds. */
export function toBody(values: TokenValues, before?: Token): TokenBody {
  const { expiresAt, ...rest } = values;
  const isSame = before !== undefined && expiresAt === toLocal(before.expiresAt);
  return {
    ...rest,
    quotaLimit: rest.quotaLimit || null,
    rateLimit: rest.rateLimit || null,
    tokensPerMinute: rest.tokensPerMinute || null,
    maxConcurrent: rest.maxConcurrent || 0,
    ...(!isSame && { expiresAt: expiresAt ? new Date(expiresAt).toISOString() : null }),
  };
}
