import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Filters } from "./filters";
import { type LogRecord, toRecord } from "./record";

/** Records that are kept, and that are asked for at the beginning. */
const KEPT = 200;
/** How often what has come is shown: at a thousand requests a second too. */
const SHOWN_EVERY_MS = 300;
/** After what is no stream, such as an answer of a proxy. */
const AGAIN_MS = 3_000;

export type TailState = "connecting" | "following" | "lost";
export type Followed = LogRecord & { tailKey: string };

interface Tail {
  records: Followed[];
  state: TailState;
  /** What came while paused, at most `KEPT` of it in memory. */
  waiting: number;
  /** What the gateway could not send in time. */
  dropped: number;
}

const NOTHING: Tail = { records: [], state: "connecting", waiting: 0, dropped: 0 };

/** What has come and is not shown yet; `known` are the keys of all that is held, shown or not. */
interface Held {
  come: Followed[];
  count: number;
  dropped: number;
  shown: Followed[];
}

function take(held: Held, event: MessageEvent<string>): void {
  const record = toRecord(JSON.parse(event.data));
  const tailKey = `${event.lastEventId} ${record.id}`;
  const isKnown = (one: Followed) => one.tailKey === tailKey;
  // A stream that begins anew brings the last ones again.
  if (held.come.some(isKnown) || held.shown.some(isKnown)) return;
  held.come.unshift({ ...record, tailKey });
  held.come.length = Math.min(held.come.length, KEPT);
  held.count += 1;
}

/**
 * Requests as they end, the newest first. Follows while `isOn` and the page is looked at; while `isPaused` it counts
 * what comes and shows it later.
 */
export function useTail(filters: Filters, isOn: boolean, isPaused: boolean): Tail {
  const [tail, setTail] = useState<Tail>(NOTHING);
  const client = useQueryClient();
  const held = useRef<Held>({ come: [], count: 0, dropped: 0, shown: [] });
  const query = new URLSearchParams({ ...filters, backlog: String(KEPT) }).toString();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another question begins with nothing
  useEffect(() => {
    held.current = { come: [], count: 0, dropped: 0, shown: [] };
    setTail(NOTHING);
  }, [query, isOn]);

  useEffect(() => {
    if (!isOn) return;
    let source: EventSource | null = null;
    let again: ReturnType<typeof setTimeout> | undefined;
    const tell = (state: TailState) => setTail((before) => ({ ...before, state }));
    const close = () => {
      clearTimeout(again);
      source?.close();
      source = null;
    };
    const open = () => {
      close();
      source = new EventSource(`/admin/api/logs/tail?${query}`);
      source.onopen = () => tell("following");
      source.addEventListener("request", (event) => take(held.current, event));
      source.addEventListener("dropped", (event) => {
        held.current.dropped += Number(JSON.parse(event.data).count) || 0;
      });
      source.onerror = () => {
        // A stream ends after some minutes, and the browser asks again by itself.
        if (source?.readyState !== EventSource.CLOSED) return tell("connecting");
        tell("lost");
        // It may be that the session is over: asking who is signed in finds out, and says so.
        void client.invalidateQueries({ queryKey: ["me"] });
        again = setTimeout(open, AGAIN_MS);
      };
    };
    const look = () => (document.hidden ? close() : open());
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      close();
    };
  }, [query, isOn, client]);

  useEffect(() => {
    if (!isOn) return;
    const show = () => {
      const { come, count, dropped } = held.current;
      if (isPaused) {
        setTail((before) =>
          before.waiting === count && before.dropped === dropped
            ? before
            : { ...before, waiting: count, dropped },
        );
        return;
      }
      if (count > 0) {
        held.current.shown = [...come, ...held.current.shown].slice(0, KEPT);
        held.current.come = [];
        held.current.count = 0;
      }
      const records = held.current.shown;
      setTail((before) =>
        before.records === records && before.dropped === dropped && before.waiting === 0
          ? before
          : { ...before, records, waiting: 0, dropped },
      );
    };
    show();
    const timer = setInterval(show, SHOWN_EVERY_MS);
    return () => clearInterval(timer);
  }, [isOn, isPaused]);

  return tail;
}
