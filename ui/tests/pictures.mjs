// The pictures of the README: GATEWAY=PATH node ui/tests/pictures.mjs writes them to docs/panel/. They show made-up
// names and real traffic of a minute.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { closeBrowser, visit } from "./rig/browser.mjs";
import { chat, world } from "./rig/world.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/panel/", import.meta.url));
const REQUESTS = 60;

const place = await world();
const { api, ask, ollama } = place;
const post = (path, body) => api(path, { method: "POST", body });
const made = async (body) => (await post("tokens", body)).token.token;

for (const channel of [
  { name: "gpu-1", priority: 10, weight: 30, modelMapping: { "gpt-4o": "llama3.2" } },
  { name: "gpu-2", priority: 10, weight: 10, maxConcurrent: 4 },
  { name: "old-workstation", priority: 0, models: ["ns/*"], tags: ["spare"] },
]) {
  await post("channels", { baseUrl: ollama.url, ...channel });
}
const keys = [
  await made({ name: "ann", quotaLimit: 500, allowedModels: ["llama3*", "gpt-4o"], rateLimit: 60 }),
  await made({ name: "ci", quotaLimit: 420, expiresAt: "2999-12-31" }),
  await made({ name: "team-search", allowedIPs: ["127.0.0.0/8"] }),
];
for (let nth = 0; nth < REQUESTS; nth += 1) {
  ollama.says(chat(["The ", "answer ", "is ", "42."], { prompt: 12 + (nth % 9), completion: 4 + (nth % 5) }));
  const model = ["llama3.2", "gpt-4o", "llama3.2", "gpt-4o", "ns/tiny:1b"][nth % 5];
  await ask(model, "What is the answer?", { key: keys[nth % keys.length] });
}

mkdirSync(FOLDER, { recursive: true });
const size = { width: 1280, height: 800 };
async function picture(name, path, look = {}, prepare = async () => {}) {
  const page = await visit(place, path, { ...size, ...look });
  await page.waitForLoadState("networkidle");
  await prepare(page);
  await page.screenshot({ path: `${FOLDER}${name}.png`, animations: "disabled" });
  await page.leave();
}

await picture("dashboard", "/dashboard?range=1h");
await picture("channels", "/channels?explain=llama3.2", { scheme: "dark" });
await picture("tokens", "/tokens");
await picture("logs", "/logs", {}, async (page) => {
  await page.getByRole("row").filter({ hasText: "gpt-4o" }).filter({ hasText: "ok" }).first().getByRole("link").first().click();
  await page.getByRole("dialog").waitFor();
  await page.waitForLoadState("networkidle");
});
await picture("settings", "/settings/limits", { language: "zh" });
await picture("connect", "/connect?client=openWebui", { scheme: "dark" });
await picture("playground", "/playground?model=llama3.2", {}, async (page) => {
  await page.getByRole("button", { name: "Create a token for the playground" }).click();
  await page.getByText("With token").waitFor();
  ollama.says(chat([{ thinking: "Six times seven." }, "The answer is **42**.\n\n```python\n", "print(6 * 7)\n```"]));
  const message = page.getByRole("textbox", { name: "Message", exact: true });
  await message.fill("What is the answer, in Python?");
  await message.press("Enter");
  await page.getByRole("article", { name: "llama3.2" }).getByText("42", { exact: true }).waitFor();
  // What it says of its token lies over the rest.
  await page.getByText("Token created").waitFor({ state: "hidden" });
});
await closeBrowser();
await place.close();
