// Every reply that passes an SDK client is held against the SDK's own TypeScript types: the raw JSON is written down
// as source code and given to the compiler, once, after all tests. For each type there is also a sample that lacks a
// field and must be refused, so that the check is known to have teeth.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OUT = join(import.meta.dirname, '..', 'out');
const TSC = join(import.meta.dirname, '..', 'node_modules', 'typescript', 'bin', 'tsc');

const TYPES = {
  Chat: 'OpenAI.Chat.ChatCompletion',
  // A delta that holds nothing but fields of local models would be refused as an unrelated object.
  ChatChunk: `OpenAI.Chat.ChatCompletionChunk & {
    choices: { delta: { reasoning?: string; reasoning_content?: string } }[];
  }`,
  Completion: 'OpenAI.Completion',
  // OpenAI streams completions with a null there until the end; its type does not say so.
  CompletionChunk: `Omit<OpenAI.Completion, 'choices'> & {
    choices: (Omit<OpenAI.CompletionChoice, 'finish_reason'> & {
      finish_reason: OpenAI.CompletionChoice['finish_reason'] | null;
    })[];
  }`,
  Embeddings: 'OpenAI.CreateEmbeddingResponse',
  // What the SDK asks for by itself and decodes.
  EmbeddingsBase64: `Omit<OpenAI.CreateEmbeddingResponse, 'data'> & {
    data: (Omit<OpenAI.Embedding, 'embedding'> & { embedding: string })[];
  }`,
  Model: 'OpenAI.Model',
  ModelList: `{ object: 'list'; data: OpenAI.Model[] }`,
  Failure: '{ error: OpenAI.ErrorObject }',
};

const samples = new Map(Object.keys(TYPES).map((name) => [name, new Set()]));

/** `fetch`, with every reply written down as it passes. */
export async function watched(url, init) {
  const response = await fetch(url, init);
  const parts = [];
  const record = new TransformStream({
    transform(part, controller) {
      parts.push(part);
      controller.enqueue(part);
    },
    flush: () => take(new URL(url).pathname, response, Buffer.concat(parts).toString()),
  });
  return new Response(response.body.pipeThrough(record), response);
}

function take(path, { status, headers }, body) {
  const kind = headers.get('content-type');
  if (kind === 'text/event-stream') return takeEvents(path, body);
  assert.equal(kind, 'application/json');
  const value = JSON.parse(body);
  if (status >= 400) return keep('Failure', value);
  if (path.endsWith('/embeddings')) {
    const isText = typeof value.data[0].embedding === 'string';
    return keep(isText ? 'EmbeddingsBase64' : 'Embeddings', value);
  }
  if (path.endsWith('/chat/completions')) return keep('Chat', value);
  if (path.endsWith('/completions')) return keep('Completion', value);
  keep(path.endsWith('/models') ? 'ModelList' : 'Model', value);
}

function takeEvents(path, body) {
  const blocks = body.split('\n\n').filter((block) => !block.startsWith(':'));
  assert.deepEqual(blocks.splice(-2), ['data: [DONE]', ''], 'the stream breaks off');
  for (const block of blocks) {
    const value = JSON.parse(block.replace(/^data: /, ''));
    keep(value.error ? 'Failure' : path.includes('/chat/') ? 'ChatChunk' : 'CompletionChunk', value);
  }
}

/** Equal shapes are compiled once: what differs in each reply is made the same. */
function keep(name, value) {
  const same = { ...('id' in value && name !== 'Model' && { id: 'id' }), ...(value.created > 1e9 && { created: 1 }) };
  samples.get(name).add(JSON.stringify({ ...value, ...same }));
}

/** Compiles what was seen. */
export function compile() {
  const lines = [
    `import type OpenAI from 'openai';`,
    // U, and not T, so that fields of local models beside OpenAI's are no error.
    'declare function is<T>(): <const U extends T>(value: U) => void;',
  ];
  for (const [name, seen] of samples) {
    assert(seen.size > 0, `no reply of the type ${name} was seen`);
    lines.push(`type ${name} = ${TYPES[name]};`);
    for (const sample of seen) lines.push(`is<${name}>()(${sample});`);
    const [first] = seen;
    for (const lacking of withouts(JSON.parse(first))) {
      lines.push(`// @ts-expect-error: a field is missing`, `is<${name}>()(${JSON.stringify(lacking)});`);
    }
  }
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, 'samples.ts'), lines.join('\n'));
  writeFileSync(join(OUT, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files: ['samples.ts'] }));
  try {
    execFileSync(process.execPath, [TSC, '--project', OUT], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    assert.fail(`replies are not as the SDK's types have them:\n${error.stdout}${error.stderr}`);
  }
}

const OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  target: 'esnext',
  lib: ['esnext', 'dom', 'dom.iterable'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  types: [],
};

/** The value without each of its fields that every type requires. */
function withouts(value) {
  const required = ['id', 'object', 'created', 'model', 'choices', 'data', 'owned_by', 'error'];
  return required.filter((key) => key in value).map((key) => ({ ...value, [key]: undefined }));
}
