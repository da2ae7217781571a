// The page of channels: from the first one to its end.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, visit } from "../rig/browser.mjs";
import { world } from "../rig/world.mjs";

let place;
before(async () => {
  place = await world();
});
after(async () => {
  await closeBrowser();
  await place.close();
});

const priorityOf = async (name) => (await place.api("channels")).channels.find((channel) => channel.name === name).priority;

test("a channel is tested, gets a model and a mapping of those that were seen, and serves by it", async () => {
  const page = await visit(place, "/channels");
  await page.getByRole("heading", { name: "No channels yet" }).waitFor();
  await page.getByRole("button", { name: "New channel" }).first().click();
  const form = page.getByRole("dialog", { name: "New channel" });
  await form.getByText(`Until now ${place.ollama.url} serves every request`).waitFor();
  await form.getByText("Empty means OLLAMA_BASE_URL").waitFor();
  await form.getByRole("button", { name: "Test first" }).click();
  await form.getByText("All answer.").waitFor();
  await form.getByText(place.ollama.url, { exact: true }).waitFor();
  await form.getByRole("textbox", { name: "Name", exact: true }).fill("gpu-1");
  await form.getByRole("textbox", { name: "Address" }).fill(place.ollama.url);
  await form.getByText("have changed since the test").waitFor();

  await form.getByLabel("Models", { exact: true }).click();
  await page.getByRole("option", { name: "llama3.2" }).first().click();
  await form.getByRole("button", { name: "Add mapping" }).click();
  await form.getByRole("textbox", { name: "Name", exact: true }).focus();
  await form.getByRole("button", { name: "Create channel" }).click();
  const asked = form.getByLabel("Requested name 1");
  await asked.and(page.locator(":focus")).waitFor();
  assert.equal(await asked.evaluate((node) => node.getBoundingClientRect().bottom < innerHeight), true, "the empty row is in sight");
  await asked.fill("gpt-4");
  await form.getByLabel("Name at the backend 1").click();
  await page.getByRole("option", { name: "llama3.2" }).first().click();
  await form.getByRole("button", { name: "Create channel" }).click();

  await page.getByRole("dialog", { name: "gpu-1" }).getByRole("button", { name: "Edit" }).waitFor();
  const { models, modelMapping, baseUrl } = (await place.api("channels")).channels[0];
  assert.deepEqual([models.length, Object.keys(modelMapping), baseUrl], [1, ["gpt-4"], place.ollama.url]);
  const reply = await place.ask("gpt-4");
  assert.equal(reply.choices[0].message.content, "Hello there.");
  assert.equal(place.ollama.asked.model, modelMapping["gpt-4"]);
  await page.leave();
});

test("a card goes to another priority by its arrow and by being dragged, and back", async () => {
  await place.api("channels", { method: "POST", body: { name: "gpu-2", baseUrl: place.ollama.url, priority: 5 } });
  const page = await visit(place, "/channels");
  await page.getByRole("button", { name: "gpu-1: Raise to priority 5" }).click();
  await page.getByText("gpu-1 now has priority 5").waitFor();
  assert.equal(await priorityOf("gpu-1"), 5);
  await page.getByRole("button", { name: "Undo" }).click();
  const low = page.getByRole("region", { name: "Priority 0" });
  await low.getByRole("link", { name: "gpu-1" }).waitFor();
  assert.equal(await priorityOf("gpu-1"), 0);

  const high = page.getByRole("region", { name: "Priority 5" });
  await low.locator("[data-channel]").dragTo(high);
  await high.getByRole("link", { name: "gpu-1" }).waitFor();
  await page.getByText("gpu-1 now has priority 5").waitFor();
  assert.equal(await priorityOf("gpu-1"), 5);
  await page.leave();
});

test("who would serve a model is told, with the reason of those who would not", async () => {
  const page = await visit(place, "/channels");
  const bar = page.getByRole("main").getByLabel("Who would serve model …");
  await bar.fill("gpt-4");
  await page.getByRole("button", { name: "Explain" }).click();
  const told = page.getByRole("dialog", { name: "Who would serve gpt-4?" });
  await told.getByText("Goes to gpu-1", { exact: true }).waitFor();
  await told.getByText("lacks the model", { exact: true }).first().waitFor();
  assert.match(page.url(), /explain=gpt-4/);
  await page.leave();
});

test("a channel is tested and deleted", async () => {
  const { id } = (await place.api("channels")).channels.find(({ name }) => name === "gpu-2");
  const page = await visit(place, `/channels/${id}`);
  const detail = page.getByRole("dialog", { name: "gpu-2" });
  await detail.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByText("gpu-2: 1 of 1 backends answered").waitFor();
  await detail.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog", { name: "Delete gpu-2?" }).getByRole("button", { name: "Delete" }).click();
  await detail.waitFor({ state: "detached" });
  assert.deepEqual(
    (await place.api("channels")).channels.map(({ name }) => name),
    ["gpu-1"],
  );
  await page.leave();
});
