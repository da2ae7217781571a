/** Texts and values as other languages write them, for code that people paste. */
export const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** A text within single quotes of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const INDENT = { python: "    ", node: "  " };
const WORDS: Record<string, string> = { true: "True", false: "False", null: "None" };
const isName = (text: string) => /^[A-Za-z_$][\w$]*$/.test(text);

/** A value of JSON in Python or JavaScript, its further lines `depth` steps in. */
export function literal(value: unknown, language: "python" | "node", depth = 0): string {
  const inner = `\n${INDENT[language].repeat(depth + 1)}`;
  const end = `\n${INDENT[language].repeat(depth)}`;
  const member = (value: unknown) => literal(value, language, depth + 1);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[${value.map((item) => `${inner}${member(item)},`).join("")}${end}]`;
  }
  if (typeof value === "object" && value !== null) {
    const key = (name: string) => (language === "node" && isName(name) ? name : JSON.stringify(name));
    const members = Object.entries(value).map(([name, value]) => `${inner}${key(name)}: ${member(value)},`);
    return members.length === 0 ? "{}" : `{${members.join("")}${end}}`;
  }
  const text = JSON.stringify(value);
  return language === "python" ? (WORDS[text] ?? text) : text;
}
