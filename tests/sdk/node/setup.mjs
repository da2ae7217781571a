// One gateway and one scripted Ollama for all tests, and a client whose replies are all checked.

import { after, before } from 'node:test';
import OpenAI from 'openai';
import { start } from './gateway.mjs';
import { Ollama } from './ollama.mjs';
import { watched } from './strict.mjs';

export const ollama = new Ollama();
export const ask = { model: 'llama3.2', messages: [{ role: 'user', content: 'hi' }] };
let gateway;

/** A client; made anew for tests that change its options. */
export const client = (options) =>
  new OpenAI({
    baseURL: `${gateway.url}/v1`,
    apiKey: gateway.keys.all,
    maxRetries: 0,
    timeout: 10_000,
    fetch: watched,
    ...options,
  });

before(async () => {
  await ollama.start();
  gateway = await start(ollama.url);
});

after(async () => {
  await gateway.close();
  ollama.close();
});

