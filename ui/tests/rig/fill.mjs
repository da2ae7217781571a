// Something of everything, so that no page is empty.

/** Names that would be markup, were they not shown as text. */
export const HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>";

export async function fill({ api, ask, ollama }) {
  const channel = { name: "gpu-1", baseUrl: ollama.url, priority: 10, weight: 30, models: ["llama3*"], modelMapping: { "gpt-4": "llama3.2" } };
  await api("channels", { method: "POST", body: channel });
  await api("channels", { method: "POST", body: { name: "gpu-2", baseUrl: ollama.url, priority: 10, weight: 10 } });
  await api("channels", { method: "POST", body: { name: HOSTILE, baseUrl: "http://127.0.0.1:9", enabled: false } });
  await api("keys/batch", { method: "POST", body: { keys: `${ollama.url}|key-one-of-many\n${ollama.url}|key-two-of-many` } });
  const made = [];
  for (const token of [
    { name: "ann", quotaLimit: 100, allowedModels: ["llama3*", "qwen3*", "gpt-4"], rateLimit: 60, note: "laptop" },
    { name: "ci", quotaLimit: 20, expiresAt: "2999-12-31" },
    { name: HOSTILE, enabled: false, note: HOSTILE },
  ]) {
    made.push((await api("tokens", { method: "POST", body: token })).token);
  }
  await api("users", { method: "POST", body: { name: "vera", password: "a-long-password", role: "viewer" } });
  for (const { token } of made.slice(0, 2)) {
    await ask("llama3.2", "hi", { key: token });
    await ask("gpt-4", "hi", { key: token });
    await ask(HOSTILE, "hi", { key: token });
  }
  await ask("llama3.2", "hi", { key: "sk-unknown" });
  return made;
}
