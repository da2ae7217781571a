// The panel without a mouse.

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

test("shortcuts: search, help, commands, pages", async () => {
  const page = await visit(place, "/tokens");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "search");
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find a token, channel or key").fill("tokens: add");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "New token" }).waitFor();
  await page.leave();
});

test("the list of commands finds tokens, channels and keys by their names", async () => {
  await place.api("tokens", { method: "POST", body: { name: "lab-ann" } });
  await place.api("channels", { method: "POST", body: { name: "lab-gpu", baseUrl: place.ollama.url } });
  const page = await visit(place, "/dashboard");
  await page.keyboard.press("Control+k");
  const list = page.getByRole("dialog");
  await list.getByPlaceholder("Find a token, channel or key").fill("lab");
  await list.getByText("lab-gpu").waitFor();
  await list.getByText("lab-ann").click();
  await page.getByRole("dialog", { name: "lab-ann" }).waitFor();
  await page.leave();
});

test("a token is made by the keyboard alone", async () => {
  const page = await visit(place, "/tokens");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to content");
  await page.keyboard.press("Enter");
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement?.textContent)) === "New token") break;
  }
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "New token" }).waitFor();
  await page.keyboard.type("by keys");
  await page.keyboard.press("Enter");
  const once = page.getByRole("dialog", { name: "Token by keys" });
  await once.waitFor();
  await page.keyboard.press("Tab");
  await once.getByRole("button", { name: "Close" }).focus();
  await page.keyboard.press("Enter");
  await once.waitFor({ state: "hidden" });
  await page.leave();
});
