// A gateway with a scripted Ollama behind it, and its admin API for tests that prepare or check something.

import { start } from "../../../tests/sdk/node/gateway.mjs";
import { chat, Ollama } from "../../../tests/sdk/node/ollama.mjs";

export { chat };
export const PASSWORD = "a-long-password";

/**
 * `settings` are variables of the gateway; `prepare` is told where Ollama is before the gateway starts. Gives `url`, `ollama`, `api(path, { method, body })`, which answers the JSON
 * and throws if it was refused, and `ask(model, text)` for a request of a client.
 */
export async function world({ settings = {}, tokens = {}, prepare = () => {}, ...rest } = {}) {
  const ollama = new Ollama();
  await ollama.start();
  prepare(ollama.url);
  ollama.says(chat(["Hello ", "there."]));
  const gateway = await start(ollama.url, {
    tokens,
    settings: { ADMIN_PASSWORD: PASSWORD, ...settings },
    ...rest,
  });
  const api = async (path, { method = "GET", body } = {}) => {
    const answer = await fetch(`${gateway.url}/admin/api/${path}`, {
      method,
      headers: { authorization: `Bearer ${PASSWORD}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const ask = (model = "llama3.2", text = "hi", { key, ...more } = {}) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ model, messages: [{ role: "user", content: text }], ...more }),
    }).then((answer) => answer.json());
  const close = async () => {
    await gateway.close();
    ollama.close();
  };
  return { ...gateway, ollama, api, ask, close };
}
