// The gateway as a child process, on a port of the system's choice.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const KEY = 'sk-test';

export async function start(upstream) {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-'));
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    OLLAMA_BASE_URL: upstream,
    API_TOKEN: KEY,
    LOG_LEVEL: 'warn',
    DATA_DIR: folder,
    NO_COLOR: '1',
    RATE_LIMIT_GLOBAL_MAX: '100000',
    RATE_LIMIT_IP_MAX: '100000',
  };
  const child = spawn(resolve(process.env.GATEWAY), { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, log] = ['', ''];
  child.stderr.on('data', (data) => (log += data));
  const ended = once(child, 'exit');
  const url = await new Promise((found, failed) => {
    AbortSignal.timeout(20_000).onabort = () => failed(new Error(`the gateway does not say where it is: ${out}`));
    ended.then(([code]) => failed(new Error(`the gateway ended with ${code}: ${log}`)));
    child.stdout.on('data', (data) => {
      out += data;
      const [url] = out.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
      if (url) found(url);
    });
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    url,
    /** Stops it in order; its log must not tell of a panic. */
    async close() {
      child.kill('SIGTERM');
      AbortSignal.timeout(10_000).onabort = () => child.kill('SIGKILL');
      const [code] = await ended;
      rmSync(folder, { recursive: true });
      if (code !== 0 || log.includes('panicked')) throw new Error(`the gateway ended with ${code}: ${log}`);
    },
  };
}
