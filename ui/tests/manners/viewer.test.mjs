// Who may only look: sees every page that is for all, and nothing there that changes anything.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, visit } from "../rig/browser.mjs";
import { fill } from "../rig/fill.mjs";
import { PAGES } from "../rig/pages.mjs";
import { PASSWORD, world } from "../rig/world.mjs";

const VERA = { username: "vera", password: PASSWORD };
const MAY_NOT = "Your role does not allow this.";
/** Words of what changes something; buttons that only look, search or copy have others. */
const CHANGES = /^(new|add|import|edit|delete|turn|test|reset|regenerate|revoke|end|save|review|clear caches|download|create|set|weight|all keys|actions)\b|as a card|menu/i;
/** The own password, the own conversation and what only reads may be changed by anybody. */
const OWN = /^(Set password|Change password|Clear|Review|Add images)$/;

let place;
let ids;
before(async () => {
  place = await world();
  const [token] = await fill(place);
  const first = async (path, list) => (await place.api(path))[list][0].id;
  ids = { token: token.id, key: await first("keys", "keys"), channel: await first("channels", "channels") };
});
after(async () => {
  await closeBrowser();
  await place.close();
});

test("each page shows itself, without a button that changes anything", async () => {
  for (const name of PAGES) {
    const page = await visit(place, `/${name}`, { as: VERA });
    await page.waitForLoadState("networkidle");
    assert.equal(await page.getByRole("dialog").count(), 0, `${name}: something is asked`);
    const main = page.getByRole("main");
    const texts = await main.getByRole("button").evaluateAll((all) => all.map((one) => one.ariaLabel ?? one.textContent));
    assert.deepEqual(texts.filter((text) => CHANGES.test(text) && !OWN.test(text) && !text.includes("/admin/api/")), [], name);
    if (!["logs", "playground"].includes(name)) assert.equal(await main.getByRole("switch").count(), 0, name);
    const isForAdmins = /^(logs|users)\//.test(name);
    assert.equal(await page.getByText(MAY_NOT).count(), isForAdmins ? 1 : 0, name);
    await page.leave();
  }
});

test("the address of a form says that it is not for viewers", async () => {
  const forms = [
    "tokens/new",
    `tokens/${ids.token}/edit`,
    "keys/new",
    "keys/import",
    `keys/${ids.key}/edit`,
    "channels/new",
    `channels/${ids.channel}/edit`,
    `channels/${ids.channel}/share`,
    "users/new",
    "users/tokens/new",
    "settings/import",
    "settings/backup",
  ];
  for (const path of forms) {
    const page = await visit(place, `/${path}`, { as: VERA });
    await page.getByText(MAY_NOT).waitFor();
    assert.equal(await page.getByRole("dialog").locator("form").count(), 0, path);
    await page.leave();
  }
});

test("details are shown without what changes them, and the palette offers nothing that does", async () => {
  for (const path of [`tokens/${ids.token}`, `keys/${ids.key}`, `channels/${ids.channel}`]) {
    const page = await visit(place, `/${path}`, { as: VERA });
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("link", { name: "Show requests" }).waitFor();
    const texts = await drawer.getByRole("button").evaluateAll((all) => all.map((one) => one.ariaLabel ?? one.textContent));
    assert.deepEqual(texts.filter((text) => CHANGES.test(text)), [], path);
    assert.equal(await drawer.getByRole("switch").count(), 0, path);
    await page.leave();
  }
  const page = await visit(place, "/dashboard", { as: VERA });
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find a token, channel or key").fill("add");
  await page.getByText("Nothing found").waitFor();
  await page.leave();
});
