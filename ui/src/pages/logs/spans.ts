import type { Attempt, LogRecord } from "./record";

/** A stretch of a request's life, in milliseconds from its head. */
export interface Span {
  kind: "queued" | "attempt" | "waiting" | "reply" | "rest";
  from: number;
  to: number;
  attempt?: Attempt;
}

/**
 * The life of a request as stretches in their order. A record has how long each took and not when it began, so they
 * are laid one after the other; what is left is the wait for the first content, or what the gateway did beside.
 */
export function spansOf(record: LogRecord): Span[] {
  const spans: Span[] = [];
  let at = 0;
  const add = (kind: Span["kind"], ms: number, attempt?: Attempt) => {
    const to = Math.min(record.duration, at + Math.max(0, ms));
    spans.push({ kind, from: at, to, ...(attempt && { attempt }) });
    at = to;
  };
  if (record.queueMs > 0) add("queued", record.queueMs);
  for (const attempt of record.attempts) add("attempt", attempt.ms, attempt);
  if (record.firstTokenMs !== null) {
    add("waiting", record.firstTokenMs - at);
    add("reply", record.duration - at);
  } else if (record.duration > at || spans.length === 0) {
    add(record.outcome === "ok" ? "reply" : "rest", record.duration - at);
  }
  return spans;
}
