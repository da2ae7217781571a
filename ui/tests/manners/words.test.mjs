// No text of the panel stands in its code: all of them are in en.ts and zh.ts, and both have the same names and gaps.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));
const files = readdirSync(SRC, { recursive: true }).map((file) => join(SRC, file));
/** Attributes whose text people see or hear. */
const SEEN = ["label", "title", "placeholder", "description", "aria-label", "alt", "hint", "purpose", "text", "legend"];
/** What is no word: marks, units that are the same everywhere, the name of the product, keys of the keyboard. */
const NAMES = ["ollama2openai", "EN", "中", "Esc", "K", "Enter"];
const isText = (text) => /\p{L}{2,}|\p{Script=Han}/u.test(text) && !NAMES.includes(text.trim());

function literals(file) {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found = [];
  const visit = (node) => {
    if (ts.isJsxText(node) && isText(node.text)) found.push(node.text.trim());
    if (ts.isJsxAttribute(node) && SEEN.includes(node.name.getText()) && node.initializer) {
      const value = ts.isJsxExpression(node.initializer) ? node.initializer.expression : node.initializer;
      if (value && ts.isStringLiteralLike(value) && isText(value.text)) found.push(`${node.name.getText()}: ${value.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.map((text) => `${relative(SRC, file)}: ${text}`);
}

test("no text stands in a component", () => {
  const components = files.filter((file) => file.endsWith(".tsx"));
  assert(components.length > 20);
  assert.deepEqual(components.flatMap(literals), []);
});

/** The texts of a file by their names. */
function texts(file) {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const all = new Map();
  const walk = (node, path) => {
    if (ts.isPropertyAssignment(node)) {
      const name = [...path, node.name.text ?? node.name.getText()];
      if (ts.isStringLiteralLike(node.initializer)) all.set(name.join("."), node.initializer.text);
      else walk(node.initializer, name);
    } else ts.forEachChild(node, (child) => walk(child, path));
  };
  walk(source, []);
  return all;
}

test("a translation fills the same gaps, and is one", () => {
  // Reasons are sentences of the gateway, in English: a translation may leave them out.
  const names = (text) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
  const gaps = (text) => names(text).filter((name) => name !== "reason").sort();
  for (const file of files.filter((file) => file.endsWith("/en.ts"))) {
    const [en, zh] = [texts(file), texts(file.replace(/en\.ts$/, "zh.ts"))];
    assert(en.size > 0);
    for (const [name, text] of zh) {
      const original = en.get(name);
      assert.notEqual(original, undefined, `${file}: ${name} is in the Chinese texts alone`);
      assert.deepEqual(gaps(text), gaps(original), `${file}: ${name}`);
    }
  }
});

/** Codes whose text alone says what is wrong, or that no call of the panel gets. */
const UNSPOKEN = ["code", "invalid_request", "invalid_body", "unsupported_media_type"];

test("each code of a refusal has a Chinese sentence", () => {
  const [, table] = readFileSync(join(SRC, "../../docs/admin-api.md"), "utf8").match(/(\| status \| `code` \| when \|[^]*?)(?:\n\n|$)/);
  const codes = table.split("\n").flatMap((row) => [...(row.split("|")[2] ?? "").matchAll(/`(\w+)`/g)].map(([, code]) => code));
  assert(codes.length > 10);
  const chinese = texts(join(SRC, "i18n/refused.zh.ts"));
  assert.deepEqual(codes.filter((code) => !UNSPOKEN.includes(code) && !chinese.has(code)), []);
});
