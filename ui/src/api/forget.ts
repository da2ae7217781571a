const all = new Set<() => void>();

/** Calls `forget` when whoever is signed in leaves: what is kept in memory for one is not for the next. */
export function onLeave(forget: () => void): void {
  all.add(forget);
}

export function forgetAll(): void {
  for (const forget of all) forget();
}
