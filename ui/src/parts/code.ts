/** Texts and values as other languages write them, for code that people paste. */
export const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** A text within single quotes of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const INDENT = { python: "    ", node: "  " };
const WORDS: Record<string, string> = { true: "True", false: "False", null: "None" };
const isName = (text: string) => /^[A-Za-z_$][\w$]*$/.test(text);

/** What is no longer stands on one line. */
const SHORT = 72;

function within(open: string, items: string[], close: string, by: string, depth: number): string {
  const space = open === "{" && by.length === 2 ? " " : "";
  const short = `${open}${space}${items.join(", ")}${space}${close}`;
  if (items.length === 0) return open + close;
  if (depth > 0 && short.length <= SHORT && !short.includes("\n")) return short;
  const line = `\n${by.repeat(depth + 1)}`;
  return `${open}${items.map((item) => `${line}${item},`).join("")}\n${by.repeat(depth)}${close}`;
}

/** A value of JSON in Python or JavaScript, its further lines `depth` steps in. */
export function literal(value: unknown, language: "python" | "node", depth = 0): string {
  const by = INDENT[language];
  const member = (value: unknown) => literal(value, language, depth + 1);
  if (Array.isArray(value)) return within("[", value.map(member), "]", by, depth);
  if (typeof value === "object" && value !== null) {
    const key = (name: string) => (language === "node" && isName(name) ? name : JSON.stringify(name));
    const members = Object.entries(value).map(([name, value]) => `${key(name)}: ${member(value)}`);
    return within("{", members, "}", by, depth);
  }
  const text = JSON.stringify(value);
  return language === "python" ? (WORDS[text] ?? text) : text;
}
