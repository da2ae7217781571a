/** One name asked for, and what it is called at the backend. */
export interface Mapped {
  /** Tells the rows of the editor apart. */
  key: number;
  from: string;
  to: string;
}

export function toRows(mapping: Record<string, string> = {}): Mapped[] {
  return Object.entries(mapping).map(([from, to], key) => ({ key, from, to }));
}

export function toMapping(rows: Mapped[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ from, to }) => [from.trim(), to.trim()]));
}

export type Flaw = "empty" | "twice" | "same";

/** What is wrong with a row of the mapping. */
export function flawOf(row: Mapped, rows: Mapped[]): Flaw | undefined {
  const [from, to] = [row.from.trim(), row.to.trim()];
  if (from === "" || to === "") return "empty";
  if (rows.some((other) => other.key !== row.key && other.from.trim() === from)) return "twice";
  return from === to ? "same" : undefined;
}

/** Whether something in the rows must be mended before they can be sent. */
export function isFlawed(rows: Mapped[]): boolean {
  return rows.some((row) => ["empty", "twice"].includes(flawOf(row, rows) ?? ""));
}
