import { useSyncExternalStore } from "react";
import type { Setting } from "../../api/client";
import { onLeave } from "../../api/forget";
import type { paths } from "../../api/schema";
import { isSame, items, toText } from "./values";

export type SaveBody = NonNullable<
  paths["/admin/api/settings"]["post"]["requestBody"]
>["content"]["application/json"];

/** Values as texts by name; `null` goes back to what is configured. */
export type Values = Record<string, string | null>;

interface Drafts {
  values: Values;
  /** What the gateway says of them. */
  errors: Record<string, string>;
}

const NONE: Drafts = { values: {}, errors: {} };
let drafts = NONE;
const listeners = new Set<() => void>();

const warn = (event: BeforeUnloadEvent) => event.preventDefault();

function put(next: Drafts): void {
  drafts = next;
  if (Object.keys(next.values).length > 0) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
  for (const tell of listeners) tell();
}

function without<T>(record: Record<string, T>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

/** Changes a setting here; what equals the present state is no change. */
export function setDraft(setting: Setting, value: string | null): void {
  const isNone = value === null ? setting.origin !== "saved" : isSame(setting, value, setting.value);
  const values = without(drafts.values, setting.name);
  if (!isNone) values[setting.name] = value;
  put({ values, errors: without(drafts.errors, setting.name) });
}

export function dropDraft(name: string): void {
  put({ values: without(drafts.values, name), errors: without(drafts.errors, name) });
}

export function dropDrafts(): void {
  put(NONE);
}

onLeave(dropDrafts);

export function setErrors(errors: Record<string, string>): void {
  put({ ...drafts, errors });
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** What was changed and is not saved. It outlives the page, so that a look at another one loses nothing. */
export function useDrafts(): Drafts {
  return useSyncExternalStore(subscribe, () => drafts);
}

export const countDrafts = (): number => Object.keys(drafts.values).length;

/** The value that a setting would have by the drafts. */
export function effective(setting: Setting, values: Values): string | null {
  const draft = values[setting.name];
  if (draft === undefined) return setting.value;
  return draft === null ? setting.configured : draft;
}

/** What is sent for drafts. */
export function toBody(values: Values, settings: Setting[]): SaveBody {
  const known = settings.filter(({ name }) => values[name] !== undefined);
  const one = (setting: Setting) => {
    const value = values[setting.name] ?? null;
    if (value === null) return null;
    return setting.kind === "list" ? items(value) : toText(setting, value);
  };
  return Object.fromEntries(known.map((setting) => [setting.name, one(setting)]));
}
