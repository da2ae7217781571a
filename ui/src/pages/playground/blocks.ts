/** A part of a line. There is no HTML: what looks like it is text. */
export type Inline =
  | { is: "text" | "code"; text: string }
  | { is: "bold" | "italic" | "struck"; parts: Inline[] }
  | { is: "link"; href: string; parts: Inline[] };

export type Block =
  | { is: "paragraph"; parts: Inline[] }
  | { is: "heading"; level: number; parts: Inline[] }
  | { is: "code"; language: string; text: string }
  | { is: "quote"; blocks: Block[] }
  | { is: "list"; start: number | null; items: Block[][] }
  | { is: "table"; head: Inline[][]; rows: Inline[][][] }
  | { is: "rule" };

/** What an address may begin with: never `javascript:`. */
const SAFE = /^(?:https?:\/\/|mailto:)/i;

/** Each kind of markup within a line: where the first of them is, and what it is. */
const MARKUP = new RegExp(
  [
    String.raw`\\(?<escaped>[!-/:-@[-\x60{-~])`,
    String.raw`(?<ticks>\x60+)(?<code>[^]{0,2000}?[^\x60])\k<ticks>(?!\x60)`,
    String.raw`!?\[(?<label>(?:[^\[\]\\]|\\.){0,500})\]\(<?(?<href>[^()\s<>]*(?:\([^()\s<>]*\)[^()\s<>]*)*)>?(?:\s+"[^"]*")?\)`,
    String.raw`<?(?<bare>https?:\/\/[^\s<>"\x60]*[^\s<>"\x60.,;:!?)\]'*_])>?`,
    String.raw`\*\*(?<bold>\S(?:[^]{0,2000}?\S)?)\*\*(?!\*)`,
    String.raw`(?<![\p{L}\p{N}])__(?<bold2>\S(?:[^]{0,2000}?\S)?)__(?![\p{L}\p{N}])`,
    String.raw`\*(?<italic>[^\s*](?:[^*]*[^\s*])?)\*`,
    String.raw`(?<![\p{L}\p{N}_])_(?<italic2>[^\s_](?:[^_]*[^\s_])?)_(?![\p{L}\p{N}_])`,
    String.raw`~~(?<struck>\S(?:[^]{0,2000}?\S)?)~~`,
  ].join("|"),
  "u",
);

/** Deeper nesting is shown as text. */
const DEEPEST = 8;

function marked(groups: Record<string, string | undefined>, whole: string, depth: number): Inline {
  const { escaped, code, label, href, bare, struck } = groups;
  if (escaped !== undefined) return { is: "text", text: escaped };
  if (code !== undefined) return { is: "code", text: code.replace(/^ (.*\S.*) $/s, "$1") };
  if (href !== undefined) {
    // An address that is not safe leaves the text as it was written.
    if (!SAFE.test(href)) return { is: "text", text: whole };
    return { is: "link", href, parts: inline(label ?? "", depth) };
  }
  if (bare !== undefined) return { is: "link", href: bare, parts: [{ is: "text", text: bare }] };
  if (struck !== undefined) return { is: "struck", parts: inline(struck, depth) };
  const bold = groups.bold ?? groups.bold2;
  if (bold !== undefined) return { is: "bold", parts: inline(bold, depth) };
  return { is: "italic", parts: inline(groups.italic ?? groups.italic2 ?? "", depth) };
}

export function inline(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  while (rest !== "") {
    const found = depth < DEEPEST ? MARKUP.exec(rest) : null;
    if (!found) return [...parts, { is: "text", text: rest }];
    if (found.index > 0) parts.push({ is: "text", text: rest.slice(0, found.index) });
    parts.push(marked(found.groups ?? {}, found[0], depth + 1));
    rest = rest.slice(found.index + found[0].length);
  }
  return parts;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(?:\s+|$)/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*$|^\s*\|\s*:?-+:?\s*\|\s*$/;

const indent = (line: string) => line.length - line.trimStart().length;
const begins = (line: string) =>
  line.trim() === "" ||
  FENCE.test(line) ||
  HEADING.test(line) ||
  RULE.test(line) ||
  QUOTE.test(line) ||
  ITEM.test(line);

function cells(line: string): Inline[][] {
  const inner = line.trim().replace(/^\||(?<!\\)\|$/g, "");
  return inner.split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll("\\|", "|")));
}

/** How many lines from `at` on are so. */
function count(lines: string[], at: number, isSo: (line: string) => boolean): number {
  let end = at;
  while (end < lines.length && isSo(lines[end] ?? "")) end += 1;
  return end - at;
}

/** A block and the number of its lines. */
type Read = [block: Block, lines: number];

function code(lines: string[], at: number, fence: RegExpExecArray): Read {
  const [, marks = "", language = ""] = fence;
  const end = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}\\s*$`);
  const inside = count(lines, at + 1, (line) => !end.test(line));
  const by = indent(lines[at] ?? "");
  const text = lines.slice(at + 1, at + 1 + inside).map((line) => line.slice(Math.min(by, indent(line))));
  // Without its end while it is still being written.
  return [{ is: "code", language, text: text.join("\n") }, inside + 2];
}

function list(lines: string[], at: number, first: RegExpExecArray, depth: number): Read {
  const base = first[1]?.length ?? 0;
  const kind = (marker = "") => (/\d/.test(marker) ? "1" : marker);
  const items: string[][] = [];
  let end = at;
  let width = 0;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? "";
    const item = ITEM.exec(line);
    const isOwn = item && indent(line) <= base + 1 && kind(item[2]) === kind(first[2]) && !RULE.test(line);
    const isBlank = line.trim() === "";
    const wasBlank = (lines[end - 1] ?? "").trim() === "";
    if (isOwn) {
      width = item[0].trimEnd().length + 1;
      items.push([line.slice(item[0].length)]);
    } else if (isBlank || indent(line) > base + 1 || !(wasBlank || begins(line))) {
      items.at(-1)?.push(line.slice(Math.min(width, indent(line))));
    } else break;
  }
  const start = /\d/.test(first[2] ?? "") ? Number.parseInt(first[2] ?? "", 10) : null;
  return [{ is: "list", start, items: items.map((item) => read(item, depth)) }, end - at];
}

function block(lines: string[], at: number, depth: number): Read {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line);
  if (fence) return code(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return [{ is: "heading", level: heading[1]?.length ?? 1, parts: inline(heading[2] ?? "") }, 1];
  if (RULE.test(line)) return [{ is: "rule" }, 1];
  if (depth < DEEPEST && QUOTE.test(line)) {
    const long = count(lines, at, (line) => QUOTE.test(line));
    const inside = lines.slice(at, at + long).map((line) => line.replace(QUOTE, ""));
    return [{ is: "quote", blocks: read(inside, depth + 1) }, long];
  }
  const item = ITEM.exec(line);
  if (depth < DEEPEST && item) return list(lines, at, item, depth + 1);
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) {
    const long = count(lines, at + 2, (line) => line.includes("|"));
    const rows = lines.slice(at + 2, at + 2 + long).map(cells);
    return [{ is: "table", head: cells(line), rows }, long + 2];
  }
  const long = 1 + count(lines, at + 1, (line) => !begins(line));
  const text = lines.slice(at, at + long).map((line) => line.trim());
  return [{ is: "paragraph", parts: inline(text.join("\n")) }, long];
}

function read(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    if ((lines[at] ?? "").trim() === "") {
      at += 1;
      continue;
    }
    const [found, long] = block(lines, at, depth);
    blocks.push(found);
    at += long;
  }
  return blocks;
}

/** The part of Markdown that models write. Line ends within a paragraph are kept. */
export function markdown(text: string): Block[] {
  return read(text.replaceAll("\r\n", "\n").split("\n"), 0);
}
