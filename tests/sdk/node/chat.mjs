// Chat: whole, streamed, and that both are the same; structured output.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { chat, logprob } from './ollama.mjs';
import { ask, client, ollama } from './setup.mjs';

/** The reply as a whole, and as the SDK's stream helper assembles it. */
export async function both(request) {
  const whole = await client().chat.completions.parse(request);
  const stream = client().chat.completions.stream({ ...request, stream_options: { include_usage: true } });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  const final = await stream.finalChatCompletion();
  assert.deepEqual(same(final), same(whole));
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  return { whole, chunks };
}

/** What must not depend on streaming; content without text is null beside calls and empty otherwise. */
function same({ id, created, choices, ...rest }) {
  const plain = JSON.parse(JSON.stringify(choices));
  for (const { message } of plain) message.content ||= null;
  return { ...rest, choices: plain };
}

test('text', async () => {
  ollama.says(chat(['Hel', 'lo, ', 'wörld 😀\u2028\n']));
  const { whole, chunks } = await both(ask);
  assert.equal(whole.choices[0].message.content, 'Hello, wörld 😀\u2028\n');
  assert.deepEqual(whole.usage, { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 });
  const usage = chunks.map((chunk) => chunk.usage);
  assert.deepEqual(usage.slice(0, -1), usage.slice(0, -1).fill(null));
  const plain = await client().chat.completions.create({ ...ask, stream: true });
  for await (const chunk of plain) assert(!('usage' in chunk) && chunk.choices.length === 1);
});

test('several choices with log probabilities', async () => {
  const pieces = ['Hé', 'llo'].map((content) => ({ content, logprobs: [logprob(content, -0.25, [['other', -2.5]])] }));
  ollama.says(chat(pieces));
  const { whole } = await both({ ...ask, n: 2, logprobs: true, top_logprobs: 1 });
  const texts = whole.choices.map((choice) => [choice.index, choice.message.content]);
  assert.deepEqual(texts, [[0, 'Héllo'], [1, 'Héllo']]);
  const [first] = whole.choices[1].logprobs.content;
  assert.deepEqual([first.token, first.logprob, first.top_logprobs[1].token], ['Hé', -0.25, 'other']);
});

test('reasoning and images', async () => {
  ollama.says(chat([{ thinking: 'let me ' }, { thinking: 'see' }, 'a dot']));
  const pixel = Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1').toString('base64');
  const content = [
    { type: 'text', text: 'what is this?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
  ];
  const request = { model: 'llama3.2', messages: [{ role: 'user', content }], reasoning_effort: 'high' };
  const whole = await client().chat.completions.create(request);
  assert.deepEqual(ollama.asked.messages, [{ role: 'user', content: 'what is this?', images: [pixel] }]);
  assert.equal(ollama.asked.think, 'high');
  const { content: text, reasoning, reasoning_content } = whole.choices[0].message;
  assert.deepEqual([text, reasoning, reasoning_content], ['a dot', 'let me see', 'let me see']);
  // The SDK's helper keeps only the last piece of fields that it does not know, so pieces are joined here.
  const stream = await client().chat.completions.create({ ...request, stream: true });
  const thoughts = [];
  for await (const { choices } of stream) {
    const { reasoning, reasoning_content, content } = choices[0].delta;
    thoughts.push([reasoning, reasoning_content, content]);
  }
  assert.deepEqual(thoughts.slice(1, -1), [
    ['let me ', 'let me ', undefined],
    ['see', 'see', undefined],
    [undefined, undefined, 'a dot'],
  ]);
});

test('structured output and json mode', async () => {
  const Recipe = z.object({ name: z.string(), steps: z.array(z.object({ text: z.string(), minutes: z.number() })) });
  const soup = { name: 'Soup', steps: [{ text: 'boil', minutes: 20 }] };
  const text = JSON.stringify(soup);
  ollama.says(chat([text.slice(0, 7), text.slice(7)]));
  const { whole } = await both({ ...ask, response_format: zodResponseFormat(Recipe, 'recipe') });
  assert.deepEqual(whole.choices[0].message.parsed, soup);
  assert.deepEqual(ollama.asked.format.required, ['name', 'steps']);
  await both({ ...ask, response_format: { type: 'json_object' } });
  assert.equal(ollama.asked.format, 'json');
});
