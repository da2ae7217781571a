import type { Channel } from "../../api/client";
import { stateOfBackend } from "../../parts/backend";
import type { State } from "../../parts/Status";

export interface Tier {
  priority: number;
  /** The heaviest first; those that are turned off last. */
  channels: Channel[];
  /** Weights of those that are turned on. */
  weights: number;
  /** Whether requests come here now: it is the first with one that is well. */
  isServing: boolean;
}

const byWeight = (a: Channel, b: Channel) =>
  Number(b.enabled) - Number(a.enabled) || b.weight - a.weight || a.name.localeCompare(b.name);

/** Channels by priority, as they are asked. */
export function tiersOf(channels: Channel[]): Tier[] {
  const byPriority = new Map<number, Channel[]>();
  for (const channel of channels) {
    const tier = byPriority.get(channel.priority);
    if (tier) tier.push(channel);
    else byPriority.set(channel.priority, [channel]);
  }
  const order = [...byPriority].sort(([a], [b]) => b - a);
  const first = order.find(([, members]) => members.some(isServing))?.[0];
  return order.map(([priority, members]) => ({
    priority,
    channels: members.sort(byWeight),
    weights: weightsOf(members),
    isServing: priority === first,
  }));
}

const isServing = (channel: Channel) => channel.enabled && channel.healthy;

export function weightsOf(channels: Channel[]): number {
  return channels.reduce((sum, { enabled, weight }) => sum + (enabled ? weight : 0), 0);
}

/** The part of a tier's requests that a channel gets when all are well, from 0 to 1. */
export function shareOf(channel: Channel, weights: number): number {
  return channel.enabled && weights > 0 ? channel.weight / weights : 0;
}

/** Of all channels, the share of each in its tier. */
export function sharesOf(channels: Channel[]): Map<string, number> {
  const shares = tiersOf(channels).flatMap((tier) =>
    tier.channels.map((channel) => [channel.id, shareOf(channel, tier.weights)] as const),
  );
  return new Map(shares);
}

export interface NewShare {
  channel: Channel;
  before: number;
  after: number;
}

/** What a weight would do to all of its tier that are turned on. */
export function sharesWith(tier: Channel[], changed: Channel, weight: number): NewShare[] {
  const after = tier.map((channel) => (channel.id === changed.id ? { ...channel, weight } : channel));
  const [old, now] = [weightsOf(tier), weightsOf(after)];
  return tier
    .map((channel, at) => ({
      channel,
      before: shareOf(channel, old),
      after: shareOf(after[at] ?? channel, now),
    }))
    .filter(({ channel }) => channel.enabled);
}

export function stateOf({ enabled, backends }: Channel): State {
  if (!enabled) return "disabled";
  const states = backends.filter((backend) => backend.enabled).map(stateOfBackend);
  if (states.length > 0 && states.every((state) => state === "unknown")) return "unknown";
  if (states.every((state) => state === "down" || state === "unknown")) return "down";
  return states.every((state) => state === "healthy") ? "healthy" : "degraded";
}

/** A priority between two others, where there is room; without one, beyond the other. */
export function between(above: number | undefined, below: number | undefined): number | undefined {
  const STEP = 10;
  if (above === undefined) return below === undefined ? 0 : below + STEP;
  if (below === undefined) return above - STEP;
  return above - below > 1 ? Math.floor((above + below) / 2) : undefined;
}
