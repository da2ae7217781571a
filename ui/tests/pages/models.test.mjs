import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, closeBrowser, visit } from "../rig/browser.mjs";
import { world } from "../rig/world.mjs";

let place;
before(async () => {
  place = await world();
  const channel = { name: "gpu-1", baseUrl: place.ollama.url, modelMapping: { "gpt-4": "llama3.2" } };
  await place.api("channels", { method: "POST", body: channel });
});
after(async () => {
  await closeBrowser();
  await place.close();
});

test("read anew, find a model by its alias, see where it is and who would serve it", async () => {
  const page = await visit(place, "/models");
  await page.getByRole("button", { name: "Read again" }).first().click();
  await page.getByText("1 of 1 address answered").waitFor();
  await page.getByRole("columnheader", { name: "gpu-1" }).waitFor();
  await page.getByRole("searchbox").fill("gpt-4");
  const name = page.getByRole("link", { name: /^llama3\.2/ });
  await name.waitFor();
  await page.waitForURL(/q=gpt-4/);
  await name.click();
  const detail = page.getByRole("dialog", { name: /^llama3\.2/ });
  await detail.getByRole("link", { name: /^gpu-1 · / }).waitFor();
  assert.match(page.url(), /\/admin\/models\/llama3\.2[^/]*\?q=gpt-4$/);
  await detail.getByRole("link", { name: "Who would serve it" }).click();
  await page.getByRole("dialog", { name: /^Who would serve llama3\.2/ }).waitFor();
  await page.leave();
});

test("the other names of a model lead to their channels, by more than a colour", async () => {
  const page = await visit(place, "/models/llama3.2:latest", { scheme: "dark" });
  await page.getByRole("dialog").getByRole("link", { name: "gpu-1", exact: true }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.leave();
});

test("a name that no backend has is said to be gone", async () => {
  const page = await visit(place, "/models/nobody%2Fhas%3Athis");
  await page.getByRole("dialog").getByText("This no longer exists").waitFor();
  await page.leave();
});
