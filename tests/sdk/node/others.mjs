// Models, embeddings, text completions, failures, and clients that leave.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { chat, generate } from './ollama.mjs';
import { ask, client, ollama } from './setup.mjs';

const VECTORS = [[0.25, -1.5, 3], [1, 0, -0.125]];
const create = (options) => client().chat.completions.create({ ...ask, ...options });

test('models', async () => {
  const models = [];
  for await (const model of client().models.list()) models.push([model.id, model.owned_by, model.created]);
  assert.deepEqual(models, [['llama3.2:latest', 'library', 1767323045], ['ns/tiny:1b', 'ns', 1767323045]]);
  for (const name of ['llama3.2', 'llama3.2:latest', 'ns/tiny:1b']) {
    assert.equal((await client().models.retrieve(name)).id, name);
  }
});

test('embeddings', async () => {
  ollama.says({ status: 200, body: { model: 'embedder', embeddings: VECTORS, prompt_eval_count: 4 } });
  const request = { model: 'embedder', input: ['one', 'two'] };
  for (const encoding_format of [undefined, 'float']) {
    const made = await client().embeddings.create({ ...request, encoding_format });
    assert.deepEqual(made.data.map((one) => [one.index, one.embedding]), VECTORS.map((vector, at) => [at, vector]));
    assert.deepEqual(made.usage, { prompt_tokens: 4, total_tokens: 4 });
  }
  await client().embeddings.create({ ...request, dimensions: 3 });
  assert.equal(ollama.asked.dimensions, 3);
});

test('completions', async () => {
  ollama.says(generate([' upon', ' a time']));
  const request = { model: 'llama3.2', prompt: ['Once', 'Then'], echo: true };
  const whole = await client().completions.create(request);
  const texts = ['', ''];
  for await (const { choices } of await client().completions.create({ ...request, stream: true })) {
    for (const choice of choices) texts[choice.index] += choice.text;
  }
  assert.deepEqual(texts, ['Once upon a time', 'Then upon a time']);
  assert.deepEqual(whole.choices.map((choice) => choice.text), texts);
  assert.deepEqual(whole.usage, { prompt_tokens: 14, completion_tokens: 6, total_tokens: 20 });
});

test('failures have the class that clients expect', async () => {
  const cases = [
    [{ status: 400, body: { error: 'invalid options: x' } }, OpenAI.BadRequestError, 400, null],
    [{ status: 404, body: { error: "model 'x' not found" } }, OpenAI.NotFoundError, 404, 'model_not_found'],
    [{ status: 429, body: { error: 'slow down' } }, OpenAI.RateLimitError, 429, 'rate_limit_exceeded'],
    [{ status: 500, body: { error: 'it died' } }, OpenAI.InternalServerError, 502, 'upstream_error'],
    [{ status: 503, body: { error: 'server busy' } }, OpenAI.InternalServerError, 503, 'overloaded'],
  ];
  for (const [reply, expected, status, code] of cases) {
    for (const stream of [false, true]) {
      ollama.says(reply);
      await assert.rejects(create({ stream }), (error) => {
        assert.equal(error.constructor, expected);
        assert.deepEqual([error.status, error.code, Boolean(error.requestID)], [status, code, true]);
        return true;
      });
    }
  }
  const wrong = client({ apiKey: 'wrong' }).models.list();
  const is = (kind, key, value) => (error) => error instanceof kind && error[key] === value;
  await assert.rejects(wrong, is(OpenAI.AuthenticationError, 'code', 'invalid_api_key'));
  await assert.rejects(create({ temperature: 'hot' }), is(OpenAI.BadRequestError, 'param', 'temperature'));
  await assert.rejects(client().models.retrieve('no/such:model'), OpenAI.NotFoundError);
});

test('a stream that breaks raises', async () => {
  const [some] = chat(['some']).lines;
  for (const broken of [chat(['some'], { then: 'cut' }), { lines: [some, { error: 'it died' }], then: 'end' }]) {
    ollama.says(broken);
    const seen = [];
    await assert.rejects(async () => {
      for await (const chunk of await create({ stream: true })) seen.push(chunk.choices[0].delta.content);
    }, (error) => error.constructor === OpenAI.APIError && error.code === 'upstream_error');
    assert.deepEqual(seen, ['', 'some']);
  }
});

test('a client that leaves closes the upstream', async () => {
  ollama.says(chat(['one'], { then: 'hang' }));
  for await (const chunk of await create({ stream: true })) if (chunk.choices[0].delta.content) break;
  await ollama.left.promise;

  ollama.says(chat(['one'], { then: 'hang' }));
  const stream = client().chat.completions.stream(ask);
  stream.once('content', () => stream.abort());
  await assert.rejects(stream.done(), OpenAI.APIUserAbortError);
  await ollama.left.promise;

  ollama.says(chat([], { then: 'hang' }));
  await assert.rejects(client({ timeout: 300 }).chat.completions.create(ask), OpenAI.APIConnectionTimeoutError);
  await ollama.left.promise;
});
