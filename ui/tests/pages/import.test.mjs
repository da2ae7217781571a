// What comes from the files of the old program is shown as text wherever it turns up, whatever it says.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, give, textFile, visit } from "../rig/browser.mjs";
import { HOSTILE } from "../rig/fill.mjs";
import { world } from "../rig/world.mjs";

let place;
before(async () => {
  place = await world();
});
after(async () => {
  await closeBrowser();
  await place.close();
});

const ATTRIBUTE = `"><img src=x onerror=alert(3)> '--> javascript:alert(4)`;
const at = new Date().toISOString();
const lines = (...records) => records.map((record) => JSON.stringify({ timestamp: at, ...record })).join("\n");

const FILES = {
  "keys.json": JSON.stringify({
    keys: [
      { id: HOSTILE, key: "sk-a-key-of-the-first", baseUrl: "http://gpu-a:11434", name: HOSTILE, group: HOSTILE, tags: [HOSTILE], lastError: HOSTILE },
      { id: "k2", key: "sk-a-key-for-markup", baseUrl: `http://gpu-b:11434/${HOSTILE}`, name: ATTRIBUTE, models: [HOSTILE] },
      { id: "k3", key: "sk-a-key-for-nobody", baseUrl: `javascript:alert(5)//${HOSTILE}` },
    ],
  }),
  "channels.json": JSON.stringify({
    channels: [
      { id: "c1", name: HOSTILE, baseUrl: "http://gpu-c:11434", keys: ["sk-one"], models: [HOSTILE], tags: [HOSTILE], modelMapping: { [HOSTILE]: HOSTILE } },
      { id: "c2", name: ATTRIBUTE, baseUrl: `http://${HOSTILE}`, keys: [HOSTILE] },
    ],
  }),
  "tokens.json": JSON.stringify({
    tokens: [
      { id: HOSTILE, name: HOSTILE, token: "sk-o2o-by-hand-of-markup", enabled: true, allowedModels: [HOSTILE], metadata: { note: HOSTILE } },
    ],
  }),
  "requests.jsonl": lines(
    { type: "request", endpoint: HOSTILE, model: HOSTILE, stream: true, tokens: 17, duration: 842, tokenId: HOSTILE, backend: HOSTILE, error: HOSTILE },
    { type: HOSTILE, model: ATTRIBUTE, backend: ATTRIBUTE },
  ),
  "audit.jsonl": lines({ type: "audit", action: HOSTILE, actor: HOSTILE, tokenId: HOSTILE, name: HOSTILE }),
};

/** Whether markup of the data has become an element of the page. */
const elements = (page) => page.locator("img[src=x], [onerror], body script:not([src])").count();

test("files with markup in every field: the report, the lists, the details", async () => {
  const page = await visit(place, "/settings/import");
  const files = Object.entries(FILES).map(([name, text]) => textFile(name, text));
  await give(page.getByText("Drop files here"), "drop", files);
  await page.getByRole("heading", { name: "Import preview" }).waitFor();
  await page.getByRole("cell", { name: `token ${HOSTILE}` }).waitFor();
  assert.equal(await elements(page), 0);
  await page.getByRole("button", { name: /^Import \d/ }).click();
  await page.getByRole("heading", { name: "Import result" }).waitFor();
  assert.equal(await elements(page), 0);
  await page.leave();

  const lists = ["keys", "channels", "channels?view=table", "tokens", "models", "logs", "logs/audit", "dashboard", "settings/import"];
  for (const path of [...lists, `keys?q=${encodeURIComponent(HOSTILE)}`, `channels?explain=${encodeURIComponent(HOSTILE)}`]) {
    const page = await visit(place, `/${path}`);
    await page.waitForLoadState("networkidle");
    if (/^(keys|channels|tokens|logs$)/.test(path)) await page.getByText(HOSTILE).first().waitFor();
    assert.equal(await elements(page), 0, path);
    await page.leave();
  }

  const { keys } = await place.api("keys");
  const { channels } = await place.api("channels");
  const { tokens } = await place.api("tokens");
  const { logs } = await place.api("logs");
  const { entries } = await place.api("audit");
  const ways = [
    ...keys.flatMap(({ id }) => [`keys/${encodeURIComponent(id)}`, `keys/${encodeURIComponent(id)}/edit`]),
    ...channels.flatMap(({ id }) => [`channels/${encodeURIComponent(id)}`, `channels/${encodeURIComponent(id)}/edit`]),
    ...tokens.flatMap(({ id }) => [`tokens/${encodeURIComponent(id)}`, `tokens/${encodeURIComponent(id)}/edit`]),
    ...logs.map(({ id }) => `logs/${encodeURIComponent(id)}`),
    ...entries.slice(0, 4).map(({ id }) => `logs/audit/${encodeURIComponent(id)}`),
  ];
  assert(ways.length > 9, `only ${ways.length} came in`);
  for (const path of ways) {
    const page = await visit(place, `/${path}`);
    await page.getByRole("dialog").waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await elements(page), 0, path);
    await page.leave();
  }
});
