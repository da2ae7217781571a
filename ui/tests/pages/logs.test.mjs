import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, visit } from "../rig/browser.mjs";
import { HOSTILE } from "../rig/fill.mjs";
import { world } from "../rig/world.mjs";

let place;
let ann;
before(async () => {
  place = await world({ settings: { CAPTURE: "tokens" } });
  const make = async (body) => (await place.api("tokens", { method: "POST", body })).token;
  ann = await make({ name: "ann", capture: true });
  const ben = await make({ name: "ben" });
  const add = (body) => place.api("channels", { method: "POST", body });
  await add({ name: "here", baseUrl: place.ollama.url, models: ["llama*"] });
  await add({ name: "away", baseUrl: "http://127.0.0.1:9", priority: 10, models: ["gone"] });
  await place.ask("llama3.2", HOSTILE, { key: ann.token });
  await place.ask(HOSTILE, "hi", { key: ben.token });
  await place.ask("gone", "hi", { key: ben.token });
});
after(async () => {
  await closeBrowser();
  await place.close();
});

const rows = (page) => page.getByRole("row").filter({ has: page.getByRole("link") });
const chip = (page, name) => page.getByRole("button", { name: new RegExp(`^Remove filter ${name}`) });

test("filters in the address, as chips, and out again", async () => {
  const page = await visit(place, "/logs");
  await rows(page).nth(2).waitFor();
  await page.getByRole("button", { name: "Outcome" }).click();
  await page.getByRole("menuitemcheckbox", { name: "backend unreachable" }).click();
  await page.keyboard.press("Escape");
  await chip(page, "Outcome").waitFor();
  await rows(page).nth(1).waitFor({ state: "detached" });
  assert.match(page.url(), /\/admin\/logs\?outcome=upstream_connect$/);
  await chip(page, "Outcome").click();
  await rows(page).nth(2).waitFor();

  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByRole("combobox", { name: "Token", exact: true }).fill("nobody");
  await page.keyboard.press("Enter");
  await page.getByText("there is no token with the name or id nobody now").waitFor();
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await page.leave();
});

test("one request's life, names that would be markup, and what was captured", async () => {
  const page = await visit(place, "/logs?token=ben");
  await rows(page).nth(1).waitFor();
  await rows(page).filter({ hasText: "backend unreachable" }).getByRole("link").click();
  const detail = page.getByRole("dialog", { name: "Request" });
  await detail.getByRole("listitem").filter({ hasText: "Attempt 1: 127.0.0.1:9" }).first().waitFor();
  await page.keyboard.press("Escape");
  await detail.waitFor({ state: "hidden" });
  await rows(page).getByText(HOSTILE).waitFor();

  await page.goto(`${place.url}/admin/logs?token=ann`);
  await rows(page).getByRole("link").click();
  await detail.getByRole("listitem").filter({ hasText: "Reply" }).waitFor();
  await detail.getByRole("button", { name: "Show captured content" }).click();
  await detail.getByRole("heading", { name: "Reply" }).waitFor();
  await detail.getByRole("button", { name: "Copy as curl, with the prompt" }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl '.*\/v1\/chat\/completions'/);
  await detail.getByRole("link", { name: "Same model" }).click();
  await chip(page, "Model: llama3.2").waitFor();

  await page.goto(`${place.url}/admin/logs/audit?action=capture.view`);
  await rows(page).getByText("Captured request viewed").waitFor();
  await page.leave();
});

test("the live list: what comes while it is paused is counted and shown later", async () => {
  const page = await visit(place, "/logs?token=ann");
  await page.getByRole("switch", { name: "Live" }).click();
  await page.getByText("following").waitFor();
  await rows(page).first().waitFor();
  const before = await rows(page).count();
  await place.ask("llama3.2", "hi", { key: ann.token });
  await rows(page).nth(before).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await place.ask("llama3.2", "hi", { key: ann.token });
  await page.getByText("1 new request").waitFor();
  await page.getByText("paused", { exact: true }).waitFor();
  assert.equal(await rows(page).count(), before + 1);
  await page.getByRole("button", { name: "Resume" }).click();
  await rows(page).nth(before + 1).waitFor();
  await page.leave();
});

test("what a change has changed, and the log deleted", async () => {
  await place.api(`tokens/${ann.id}`, { method: "PUT", body: { note: HOSTILE } });
  const page = await visit(place, "/logs/audit");
  await page.getByRole("combobox", { name: "Object" }).fill(ann.id);
  await page.keyboard.press("Enter");
  await rows(page).filter({ hasText: "Token changed" }).getByRole("link").click();
  const change = page.getByRole("dialog", { name: "Token changed" }).getByText(HOSTILE);
  await change.waitFor();
  await page.reload();
  await change.waitFor();

  await page.goto(`${place.url}/admin/logs`);
  await page.getByRole("button", { name: "Log actions" }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "JSON lines" }).click();
  assert.match((await file).suggestedFilename(), /\.jsonl$/);
  await page.getByRole("button", { name: "Log actions" }).click();
  await page.getByRole("menuitem", { name: "Delete all requests" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No requests yet" }).waitFor();
  await page.leave();
});
