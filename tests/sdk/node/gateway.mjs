// The gateway as a child process, on a port of the system's choice, and its tokens, made by its own command.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BINARY = resolve(process.env.GATEWAY);
const ALL = { all: ['--client-options', 'true'] };

/** `tokens` are the options of `token create` by name, `commands` what else is run before the start. */
export async function start(upstream, { tokens = ALL, commands = [], settings } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-'));
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    OLLAMA_BASE_URL: upstream,
    LOG_LEVEL: 'warn',
    DATA_DIR: folder,
    NO_COLOR: '1',
    RATE_LIMIT_GLOBAL_MAX: '100000',
    RATE_LIMIT_IP_MAX: '100000',
    RATE_LIMIT_TOKEN_MAX: '100000',
    ...settings,
  };
  const stdio = ['ignore', 'pipe', 'pipe'];
  const options = { env, cwd: folder, encoding: 'utf8', stdio, timeout: 20_000 };
  const run = (command) => execFileSync(BINARY, command, options);
  const keys = {};
  for (const [name, rules] of Object.entries(tokens)) {
    keys[name] = run(['token', 'create', '--name', name, ...rules]).trim();
  }
  commands.forEach(run);
  let running = await serve(folder, env);
  return {
    url: running.url,
    keys,
    /** Stops it in order; its log must not tell of a panic. */
    stop: () => stop(running),
    /** Starts it again after a stop, at the same address with the same state. */
    async again() {
      running = await serve(folder, { ...env, PORT: new URL(running.url).port });
    },
    async close() {
      await stop(running);
      rmSync(folder, { recursive: true });
    },
  };
}

/** The program in a folder, once it has said where it listens. */
async function serve(folder, env) {
  const child = spawn(BINARY, { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const running = { child, log: '', ended: once(child, 'exit') };
  let out = '';
  child.stderr.on('data', (data) => (running.log += data));
  running.url = await new Promise((found, failed) => {
    AbortSignal.timeout(20_000).onabort = () => failed(new Error(`the gateway does not say where it is: ${out}`));
    running.ended.then(([code]) => failed(new Error(`the gateway ended with ${code}: ${running.log}`)));
    child.stdout.on('data', (data) => {
      out += data;
      const [url] = out.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
      if (url) found(url);
    });
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return running;
}

async function stop(running) {
  running.child.kill('SIGTERM');
  AbortSignal.timeout(10_000).onabort = () => running.child.kill('SIGKILL');
  const [code] = await running.ended;
  if (code !== 0 || running.log.includes('panicked')) {
    throw new Error(`the gateway ended with ${code}: ${running.log}`);
  }
}
