import { useSyncExternalStore } from "react";
import type { Answer } from "./ask";
import { FIRST, type Settings } from "./settings";

/** A picture that is sent along, as a data URL. */
export interface Picture {
  id: string;
  name: string;
  url: string;
}

export interface Reply extends Answer {
  id: string;
  model: string;
  /** The request that it answers, as it was sent. */
  sent: object;
  isRunning: boolean;
  isStopped: boolean;
  /** What the tools gave, by the place of their call. */
  results: string[];
}

/** What the user said, and for each column what came back: one reply, or more with calls of tools between them. */
export interface Turn {
  id: string;
  text: string;
  pictures: Picture[];
  lanes: [Reply[], Reply[]];
}

export type Lane = 0 | 1;

interface State {
  /** The account that this belongs to. */
  owner: string;
  turns: Turn[];
  settings: Settings;
  draft: { text: string; pictures: Picture[] };
}

const empty = (owner: string): State => ({
  owner,
  turns: [],
  settings: FIRST,
  draft: { text: "", pictures: [] },
});

/** In memory alone, outside of the page: it is still there after a look at another page, and gone after a reload. */
let state = empty("");
const listeners = new Set<() => void>();

let ids = 0;

/** An id for anything here. `crypto.randomUUID` is missing where the panel is reached by plain HTTP. */
export const newId = (): string => String(++ids);

export const current = (): State => state;

export function change(changes: Partial<State>): void {
  state = { ...state, ...changes };
  for (const tell of listeners) tell();
}

/** Another account begins anew. Gives whether this is another one. */
export function belongTo(owner: string): boolean {
  if (state.owner === owner) return false;
  const isOther = state.owner !== "";
  change(isOther ? empty(owner) : { owner });
  return isOther;
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const useTurns = () => useSyncExternalStore(subscribe, () => state.turns);
export const useSettings = () => useSyncExternalStore(subscribe, () => state.settings);
export const useDraft = () => useSyncExternalStore(subscribe, () => state.draft);

export function setSettings(changes: Partial<Settings>): void {
  change({ settings: { ...state.settings, ...changes } });
}

export function setDraft(changes: Partial<State["draft"]>): void {
  change({ draft: { ...state.draft, ...changes } });
}

/** Changes one turn, if it is still there. */
export function changeTurn(id: string, to: (turn: Turn) => Turn): void {
  change({ turns: state.turns.map((turn) => (turn.id === id ? to(turn) : turn)) });
}

export function changeReply(turnId: string, lane: Lane, replyId: string, changes: Partial<Reply>): void {
  const inLane = (replies: Reply[]) =>
    replies.map((reply) => (reply.id === replyId ? { ...reply, ...changes } : reply));
  changeTurn(turnId, (turn) => ({ ...turn, lanes: withLane(turn.lanes, lane, inLane) }));
}

export function withLane(lanes: Turn["lanes"], lane: Lane, to: (replies: Reply[]) => Reply[]): Turn["lanes"] {
  return lane === 0 ? [to(lanes[0]), lanes[1]] : [lanes[0], to(lanes[1])];
}
