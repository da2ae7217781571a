import { nameWithin } from "../../parts/backend";
import type { State } from "../../parts/Status";
import type { Holder, Loaded, Model, Version } from "./queries";

const WORDS = {
  up: "healthy",
  half_open: "halfOpen",
  down: "down",
  cooling: "cooling",
  unknown: "unknown",
} as const;

export function stateOfHolder({ state }: Holder): State {
  return WORDS[state];
}

/** A backend as people know it: a channel may have several. */
export function nameOf({ name, channel }: Holder): string {
  return nameWithin(channel, name);
}

/** Where a backend is managed. */
export function placeOf({ id, channelId }: Holder): string {
  return channelId === null
    ? `/keys/${encodeURIComponent(id)}`
    : `/channels/${encodeURIComponent(channelId)}`;
}

/** The version that most backends have. */
export function mainOf(model: Model): Version | undefined {
  return model.versions[0];
}

export function countOf(model: Model): number {
  return model.versions.reduce((sum, version) => sum + version.backends.length, 0);
}

/** Letters tell versions apart: A is what most have. */
export function letterOf(at: number): string {
  return at < 26 ? String.fromCharCode(65 + at) : String(at + 1);
}

/** What is in memory still, by what the backends last told. */
export function loadedNow(model: Model, now = Date.now()): Loaded[] {
  return model.loaded.filter(({ expiresAt }) => expiresAt === null || new Date(expiresAt).getTime() > now);
}

/** As many characters of a digest as people compare. */
export function shortOf(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}
