// A scripted Ollama: native replies in, what the gateway asked for out. It knows HTTP and framing, no model.
//
// A reply is written once, as the lines of its stream; a request with `"stream": false` gets the same lines merged
// into one object, as Ollama does, so that both ways of asking for one answer can be compared.

import { createServer } from 'node:http';
import { once } from 'node:events';

const STATS = { total_duration: 5, load_duration: 1, prompt_eval_duration: 1, eval_duration: 1 };
const STAMP = { created_at: '2026-01-02T03:04:05.678Z' };

const done = ({ reason = 'stop', prompt = 7, completion = 3 }) => ({
  done: true,
  done_reason: reason,
  prompt_eval_count: prompt,
  eval_count: completion,
  ...STATS,
});

/** A chat reply; texts are pieces of content, objects are messages of one line. `then`: "end", "cut" or "hang". */
export function chat(parts, { then = 'end', ...last } = {}) {
  const lines = parts.map((part) => {
    const { logprobs, ...message } = typeof part === 'string' ? { content: part } : part;
    return { message: { role: 'assistant', content: '', ...message }, done: false, ...(logprobs && { logprobs }) };
  });
  if (then === 'end') lines.push({ message: { role: 'assistant', content: '' }, ...done(last) });
  return { lines, then };
}

export const generate = (texts, last = {}) => ({
  lines: [...texts.map((response) => ({ response, done: false })), { response: '', ...done(last) }],
  then: 'end',
});

export const call = (name, args, id) => ({ id, function: { name, arguments: args } });

export function logprob(token, value, others = []) {
  const entry = { token, logprob: value, bytes: [...Buffer.from(token)] };
  const rest = others.map(([text, less]) => ({ ...entry, token: text, logprob: less }));
  return { ...entry, top_logprobs: [entry, ...rest] };
}

function merge(lines) {
  const whole = { ...lines.at(-1) };
  const logprobs = lines.flatMap((line) => line.logprobs ?? []);
  if (logprobs.length) whole.logprobs = logprobs;
  if ('response' in whole) whole.response = lines.map((line) => line.response).join('');
  if (whole.message) {
    const join = (key) => lines.map((line) => line.message[key] ?? '').join('');
    const calls = lines.flatMap((line) => line.message.tool_calls ?? []);
    whole.message = { role: 'assistant', content: join('content') };
    if (join('thinking')) whole.message.thinking = join('thinking');
    if (calls.length) whole.message.tool_calls = calls;
  }
  return whole;
}

/** The server. `says` queues replies for generating calls; the last one is given again and again. */
export class Ollama {
  models = { 'llama3.2:latest': ['completion', 'tools', 'vision', 'thinking', 'embedding'], 'ns/tiny:1b': ['completion'] };
  seen = [];

  async start() {
    this.server = createServer((request, response) => this.#answer(request, response)).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  says(...replies) {
    this.replies = replies;
    this.seen = [];
    this.left = resolvers();
  }

  /** The JSON of the last generating call. */
  get asked() {
    return this.seen.at(-1);
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #answer(request, response) {
    const body = await json(request);
    const send = (status, value, headers = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(
        typeof value === 'string' ? value : JSON.stringify(value),
      );
    switch (request.url) {
      case '/api/version':
        return send(200, { version: '0.33.0' });
      case '/api/tags':
        return send(200, {
          models: Object.keys(this.models).map((name) => ({ name, model: name, modified_at: STAMP.created_at })),
        });
      case '/api/ps':
        return send(200, { models: [] });
      case '/api/show': {
        const name = body.model.includes(':') ? body.model : `${body.model}:latest`;
        return send(this.models[name] ? 200 : 404, { capabilities: this.models[name] });
      }
    }
    this.seen.push(body);
    const reply = this.replies.length > 1 ? this.replies.shift() : this.replies[0];
    if (reply.status) return send(reply.status, reply.body, reply.headers);
    const lines = reply.lines.map((line) => ({ model: body.model, ...STAMP, ...line }));
    if (body.stream === false && reply.then === 'end') return send(200, merge(lines));
    response.on('close', () => this.left.resolve());
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
    if (reply.then === 'end') response.end();
    if (reply.then === 'cut') setImmediate(() => response.destroy());
  }
}

async function json(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length ? JSON.parse(Buffer.concat(parts)) : undefined;
}

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
