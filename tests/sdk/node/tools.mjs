// Tools: the SDK's own loop, whole and streamed, with calls at once and in pieces.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zodFunction } from 'openai/helpers/zod';
import { z } from 'zod';
import { both } from './chat.mjs';
import { call, chat } from './ollama.mjs';
import { ask, client, ollama } from './setup.mjs';

const Weather = z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']) });
const rome = call('weather', { unit: 'celsius', city: 'Rome' }, 'call_a');
const oslo = call('weather', { city: 'Oslo', unit: 'fahrenheit' }, 'call_b');

for (const stream of [false, true]) {
  test(`the loop of the sdk, ${stream ? 'streamed' : 'whole'}`, async () => {
    const again = { ...oslo, id: 'call_c' };
    ollama.says(chat([{ tool_calls: [rome, oslo] }]), chat([{ tool_calls: [again] }]), chat(['Rome ', 'is warm.']));
    const asked = [];
    const weather = zodFunction({
      name: 'weather',
      parameters: Weather,
      function: (given) => (asked.push(given), `22 in ${given.city}`),
    });
    const runner = client().chat.completions.runTools({ ...ask, tools: [weather], stream });
    assert.equal(await runner.finalContent(), 'Rome is warm.');
    assert.deepEqual(asked, [rome, oslo, oslo].map((made) => made.function.arguments));
    const told = ollama.asked.messages;
    assert.deepEqual(told.map((message) => message.role), ['user', 'assistant', 'tool', 'tool', 'assistant', 'tool']);
    assert.deepEqual(told[1].tool_calls.map((made) => [made.id, JSON.stringify(made.function.arguments)]), [
      ['call_a', JSON.stringify(rome.function.arguments)],
      ['call_b', JSON.stringify(oslo.function.arguments)],
    ]);
    const results = told.filter((message) => message.role === 'tool');
    assert.deepEqual(results.map((result) => [result.content, result.tool_name, result.tool_call_id]), [
      ['22 in Rome', 'weather', 'call_a'],
      ['22 in Oslo', 'weather', 'call_b'],
      ['22 in Oslo', 'weather', 'call_c'],
    ]);
    assert.equal(runner.allChatCompletions().length, 3);
  });
}

test('calls in pieces, parsed', async () => {
  ollama.says(chat(['I look. ', { tool_calls: [rome] }, { tool_calls: [oslo] }]));
  const { whole, chunks } = await both({ ...ask, tools: [zodFunction({ name: 'weather', parameters: Weather })] });
  const [{ message, finish_reason }] = whole.choices;
  assert.deepEqual([message.content, finish_reason], ['I look. ', 'tool_calls']);
  const parsed = message.tool_calls.map((made) => made.function.parsed_arguments);
  assert.deepEqual(parsed, [rome.function.arguments, oslo.function.arguments]);
  const indexes = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []).map((made) => made.index);
  assert.deepEqual(indexes, [0, 1]);
});
