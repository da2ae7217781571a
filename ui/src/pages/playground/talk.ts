import { queries } from "../../api/queries";
import { keptToken } from "../../parts/keptToken";
import { type Answer, ask, NOTHING } from "./ask";
import { request } from "./settings";
import {
  change,
  changeReply,
  changeTurn,
  current,
  type Lane,
  newId,
  type Picture,
  type Reply,
  type Turn,
  withLane,
} from "./store";

/** How often a running reply is drawn. */
const DRAW_MS = 60;

const running = new Map<string, AbortController>();

export function userMessage(text: string, pictures: Picture[]): object {
  if (pictures.length === 0) return { role: "user", content: text };
  const images = pictures.map(({ url }) => ({ type: "image_url", image_url: { url } }));
  return { role: "user", content: [...(text ? [{ type: "text", text }] : []), ...images] };
}

/** A reply as a part of the history, with what its tools gave; a call whose tool gave nothing yet is left out. */
function replyMessages({ text, calls, results }: Reply): object[] {
  const given = calls
    .map((call, at) => ({ ...call, result: results[at] }))
    .filter(({ result }) => result !== undefined);
  if (text === "" && given.length === 0) return [];
  const made = given.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: args },
  }));
  return [
    { role: "assistant", content: text, ...(made.length > 0 && { tool_calls: made }) },
    ...given.map(({ id, result }) => ({ role: "tool", tool_call_id: id, content: result })),
  ];
}

/** The history as a column's model gets it; where it has not answered, the other one's answers stand in. */
export function messages(turns: Turn[], lane: Lane): object[] {
  return turns.flatMap(({ text, pictures, lanes }, at) => {
    const isLast = at === turns.length - 1;
    const own = lanes[lane];
    const replies = own.length > 0 || isLast ? own : lanes[lane === 0 ? 1 : 0];
    return [userMessage(text, pictures), ...replies.flatMap(replyMessages)];
  });
}

/** Lets a column's model answer the last turn, going on after the replies that it has there. */
async function run(turn: Turn, lane: Lane, model: string): Promise<void> {
  const { turns, settings } = current();
  const sent = request(settings, model, messages(turns, lane));
  const id = newId();
  const reply: Reply = { ...NOTHING, id, model, sent, isRunning: true, isStopped: false, results: [] };
  changeTurn(turn.id, (turn) => ({ ...turn, lanes: withLane(turn.lanes, lane, (all) => [...all, reply]) }));
  const stop = new AbortController();
  running.set(id, stop);
  let latest: Answer = NOTHING;
  let timer: number | undefined;
  const draw = () => {
    timer = undefined;
    const isRunning = latest.totalMs === null;
    changeReply(turn.id, lane, id, { ...latest, isRunning, isStopped: !isRunning && stop.signal.aborted });
  };
  for await (const answer of ask(sent, keptToken(), stop.signal)) {
    latest = answer;
    timer ??= window.setTimeout(draw, DRAW_MS);
  }
  window.clearTimeout(timer);
  draw();
  running.delete(id);
  if (latest.fault?.status === 401) void queries.invalidateQueries({ queryKey: ["playground", "access"] });
}

function start(turn: Turn, models: string[]): void {
  models.forEach((model, lane) => void run(turn, lane as Lane, model));
}

/** Says something; `models` are those of the columns. */
export function send(text: string, pictures: Picture[], models: string[]): void {
  const turn: Turn = { id: newId(), text, pictures, lanes: [[], []] };
  change({ turns: [...current().turns, turn] });
  start(turn, models);
}

/** Says something else instead; what came after it is dropped. */
export function resend(id: string, text: string, models: string[]): void {
  stopAll();
  const { turns } = current();
  const at = turns.findIndex((turn) => turn.id === id);
  const before = turns[at];
  if (!before) return;
  change({ turns: turns.slice(0, at) });
  send(text, before.pictures, models);
}

/** Answers the last turn in one column, from `from` on anew: the first of its replies that is dropped. */
export function regenerate(lane: Lane, model: string, from?: string): void {
  const turn = current().turns.at(-1);
  if (!turn) return;
  const kept = (replies: Reply[]) => {
    const at = replies.findIndex(({ id }) => id === from);
    return at < 0 ? replies : replies.slice(0, at);
  };
  changeTurn(turn.id, (turn) => ({ ...turn, lanes: withLane(turn.lanes, lane, kept) }));
  void run(turn, lane, model);
}

/** Goes on with what the tools gave, by the place of their call. */
export function giveResults(lane: Lane, reply: Reply, results: string[]): void {
  const turn = current().turns.at(-1);
  if (!turn) return;
  changeReply(turn.id, lane, reply.id, { results });
  void run(turn, lane, reply.model);
}

export function stopAll(): void {
  for (const stop of running.values()) stop.abort();
}

/** Begins anew. Gives what was there, with nothing of it running any more. */
export function clear(): Turn[] {
  stopAll();
  const ended = (reply: Reply) => (reply.isRunning ? { ...reply, isRunning: false, isStopped: true } : reply);
  const { turns } = current();
  change({ turns: [] });
  return turns.map((turn) => ({ ...turn, lanes: [turn.lanes[0].map(ended), turn.lanes[1].map(ended)] }));
}

/** Whether any reply of these turns is still coming. */
export const isBusy = (turns: Turn[]): boolean =>
  turns.at(-1)?.lanes.some((replies) => replies.some(({ isRunning }) => isRunning)) ?? false;
