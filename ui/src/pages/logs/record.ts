import type { Outcome } from "../../parts/Outcome";

/** A backend that was asked and has not served. */
export interface Attempt {
  backendId: string;
  backendName: string;
  outcome: Outcome | "";
  status: number | null;
  reason: string;
  ms: number;
}

/** A request as docs/logging.md has it; "" and `null` for what the record leaves out. */
export interface LogRecord {
  /** Its place in the address: its number, else its `x-request-id`. */
  key: string;
  id: string;
  timestamp: string;
  endpoint: string;
  model: string;
  servedModel: string;
  stream: boolean;
  status: number | null;
  outcome: Outcome | "";
  ip: string;
  tokenId: string;
  tokenName: string;
  backendId: string;
  backendName: string;
  channelId: string;
  channelName: string;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  usageSource: string;
  duration: number;
  firstTokenMs: number | null;
  queueMs: number;
  ownMs: number | null;
  gpuMs: number | null;
  attempts: Attempt[];
  errorKind: string;
  error: string;
  isImported: boolean;
}

type Loose = Record<string, unknown>;

const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
const number = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

function attempt(record: Loose): Attempt {
  return {
    backendId: text(record.backendId),
    backendName: text(record.backendName),
    outcome: text(record.outcome) as Outcome | "",
    status: number(record.status),
    reason: text(record.reason),
    ms: number(record.ms) ?? 0,
  };
}

/** Reads a record; imported ones may have members of any kind. */
export function toRecord(record: Loose): LogRecord {
  const at = text(record.timestamp);
  const id = text(record.id);
  return {
    key: text(record.seq) || id,
    id,
    timestamp: Number.isNaN(Date.parse(at)) ? "" : at,
    endpoint: text(record.endpoint),
    model: text(record.model),
    servedModel: text(record.servedModel),
    stream: record.stream === true,
    status: number(record.status),
    outcome: text(record.outcome) as Outcome | "",
    ip: text(record.ip),
    tokenId: text(record.tokenId),
    tokenName: text(record.tokenName),
    backendId: text(record.backendId),
    backendName: text(record.backendName) || text(record.backend),
    channelId: text(record.channelId),
    channelName: text(record.channelName),
    promptTokens: number(record.promptTokens) ?? 0,
    completionTokens: number(record.completionTokens) ?? 0,
    cachedTokens: number(record.cachedTokens) ?? 0,
    usageSource: text(record.usageSource),
    duration: number(record.duration) ?? 0,
    firstTokenMs: number(record.firstTokenMs),
    queueMs: number(record.queueMs) ?? 0,
    ownMs: number(record.ownMs),
    gpuMs: number(record.gpuMs),
    attempts: Array.isArray(record.attempts) ? record.attempts.map((one) => attempt(one as Loose)) : [],
    errorKind: text(record.errorKind),
    error: text(record.error),
    isImported: record.imported === true,
  };
}
