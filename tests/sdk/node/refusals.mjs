// What the gateway itself refuses: each refusal has the exception class, status, code and type that clients expect, and
// `Retry-After` exactly where waiting helps. Nothing of it reaches Ollama.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { start } from './gateway.mjs';
import { chat } from './ollama.mjs';
import { ask, ollama } from './setup.mjs';
import { watched } from './strict.mjs';

const { AuthenticationError, InternalServerError, NotFoundError, PermissionDeniedError, RateLimitError } = OpenAI;
// What each token may, by its name.
const TOKENS = {
  off: ['--disabled'],
  far: ['--ips', '192.0.2.7'],
  other: ['--models', 'other*'],
  poor: ['--quota', '1'],
  slow: ['--rate-limit', '1'],
  small: ['--tokens-per-minute', '50'],
  single: ['--max-concurrent', '1'],
};
const UNKNOWN = [AuthenticationError, 401, 'invalid_request_error'];
const FORBIDDEN = [PermissionDeniedError, 403, 'permission_error'];
const LIMITED = [RateLimitError, 429, 'rate_limit_error'];
const FULL = [InternalServerError, 503, 'api_error'];
const soon = () => new Date(Date.now() + 1000).toISOString();

const clientOf = (gateway, apiKey, options) =>
  new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0, timeout: 10_000, fetch: watched, ...options });

/** Every call of the SDK that makes a model work. */
const calls = (client) => [
  () => client.chat.completions.create(ask),
  () => client.chat.completions.create({ ...ask, stream: true }),
  () => client.completions.create({ model: 'llama3.2', prompt: 'hi' }),
  () => client.embeddings.create({ model: 'llama3.2', input: 'hi' }),
];
const lists = (client) => [() => client.models.list(), () => client.models.retrieve('llama3.2')];

/** Each call must be refused like this. `wait` is what `Retry-After` must match; without one there must be none. */
async function refused(all, [expected, status, type], code, wait = /^null$/) {
  for (const call of all) {
    await assert.rejects(call, (error) => {
      assert.equal(error.constructor, expected, String(error));
      assert.deepEqual([error.status, error.code, error.type, Boolean(error.requestID)], [status, code, type, true]);
      assert.match(String(error.headers.get('retry-after')), wait);
      const isLasting = status === 429 && !error.headers.has('retry-after');
      assert.equal(error.headers.get('x-should-retry'), isLasting ? 'false' : null);
      return true;
    });
  }
}

/** Runs `body` with a gateway; Ollama must have been asked `asked` times. */
async function within(options, asked, body) {
  ollama.says(chat(['Hi']));
  const gateway = await start(ollama.url, options);
  try {
    await body(gateway);
  } finally {
    await gateway.close();
  }
  assert.equal(ollama.seen.length, asked);
}

test('tokens that may not come in', () =>
  within({ tokens: { old: ['--expires', soon()], ...TOKENS } }, 0, async (gateway) => {
    const everything = (...options) => {
      const client = clientOf(gateway, ...options);
      return [...calls(client), ...lists(client)];
    };
    await refused(everything(`sk-o2o-${'0'.repeat(48)}`), UNKNOWN, 'invalid_api_key');
    await refused(everything('none', { defaultHeaders: { Authorization: null } }), UNKNOWN, 'missing_api_key');
    await refused(everything(gateway.keys.off), UNKNOWN, 'token_disabled');
    await refused(everything(gateway.keys.far), FORBIDDEN, 'ip_not_allowed');
    const old = clientOf(gateway, gateway.keys.old);
    const isServed = () => old.models.list().then(() => true, () => false);
    const deadline = Date.now() + 10_000;
    while ((await isServed()) && Date.now() < deadline);
    await refused(everything(gateway.keys.old), UNKNOWN, 'token_expired');
  }));

test('models and quotas', () =>
  within({ tokens: TOKENS }, 0, async (gateway) => {
    const other = clientOf(gateway, gateway.keys.other);
    await refused([...calls(other), lists(other)[1]], FORBIDDEN, 'model_not_allowed');
    await assert.rejects(other.models.retrieve('other:1b'), NotFoundError);
    // Without a time to wait, as clients would wait for weeks.
    const exhausted = [RateLimitError, 429, 'insufficient_quota'];
    await refused(calls(clientOf(gateway, gateway.keys.poor)), exhausted, 'insufficient_quota');
  }));

test('windows that are full', () =>
  within({ tokens: TOKENS }, 2, async (gateway) => {
    for (const name of ['slow', 'small']) {
      const client = clientOf(gateway, gateway.keys[name]);
      await client.chat.completions.create(ask);
      // An embedding has no reply that could be too long.
      const all = name === 'slow' ? calls(client) : calls(client).slice(0, 3);
      await refused(all, LIMITED, 'rate_limit_exceeded', /^([1-9]|[1-5]\d|6[0-2])$/);
    }
  }));

test('requests at once', () =>
  within({ tokens: TOKENS }, 1, async (gateway) => {
    ollama.says(chat(['Hi'], { then: 'hang' }));
    const client = clientOf(gateway, gateway.keys.single);
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    await refused(calls(client), LIMITED, 'concurrency_limit_exceeded', /^1$/);
    stream.controller.abort();
  }));

test('rules for all', async () => {
  for (const [settings, expected, code] of [
    [{ RATE_LIMIT_IP_MAX: '0' }, LIMITED, 'rate_limit_exceeded'],
    [{ RATE_LIMIT_GLOBAL_MAX: '0' }, LIMITED, 'rate_limit_exceeded'],
    [{ IP_ACCESS_MODE: 'whitelist' }, FORBIDDEN, 'ip_not_allowed'],
  ]) {
    await within({ settings }, 0, async (gateway) => {
      const client = clientOf(gateway, gateway.keys.all);
      await refused([...calls(client), ...lists(client)], expected, code);
    });
  }
});

test('nobody is free', async () => {
  const add = ['channel', 'add', 'one', '--base-url', ollama.url];
  await within({ commands: [[...add, '--disabled']] }, 0, (gateway) =>
    refused(calls(clientOf(gateway, gateway.keys.all)), FULL, 'no_backend'));
  const full = { commands: [[...add, '--max-concurrent', '1']], settings: { MAX_QUEUE: '0' } };
  await within(full, 1, async (gateway) => {
    ollama.says(chat(['Hi'], { then: 'hang' }));
    const client = clientOf(gateway, gateway.keys.all);
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    await refused(calls(client), FULL, 'overloaded', /^\d+$/);
    stream.controller.abort();
  });
});
