import { useSyncExternalStore } from "react";
import { onLeave } from "../api/forget";

let kept = "";
const listeners = new Set<() => void>();

/** Keeps the text of a token that was just made, in memory alone: a reload forgets it. */
export function keepToken(text: string): void {
  kept = text;
  for (const tell of listeners) tell();
}

onLeave(() => keepToken(""));

export const keptToken = (): string => kept;

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** The token that the playground and the client setup use. */
export function useKeptToken(): [text: string, keep: (text: string) => void] {
  return [useSyncExternalStore(subscribe, keptToken), keepToken];
}
