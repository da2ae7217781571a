// Whatever opens over a page – drawers, forms, dialogs, menus, the bar of many rows – has nothing that axe-core finds
// serious, in both languages, themes and widths.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { axe, closeBrowser, shot, visit } from "../rig/browser.mjs";
import { fill, HOSTILE } from "../rig/fill.mjs";
import { PAGES } from "../rig/pages.mjs";
import { world } from "../rig/world.mjs";

/** Each of everything is seen with one of the pairs. */
const LOOKS = [
  { language: "en", scheme: "light", width: 1400 },
  { language: "zh", scheme: "dark", width: 360 },
];
/** The other pairs, for what colours and widths make of parts that all pages share. */
const OTHERS = [
  { language: "zh", scheme: "light", width: 360 },
  { language: "en", scheme: "dark", width: 1400 },
];

let place;
/** The addresses of drawers by the name of what they show. */
let drawers;
before(async () => {
  place = await world({ settings: { CAPTURE: "tokens" } });
  const [{ id: token, token: secret }] = await fill(place);
  await place.api(`tokens/${token}`, { method: "PUT", body: { capture: true } });
  await place.ask("llama3.2", "hi", { key: secret });
  const first = async (path, list) => (await place.api(path))[list][0].id;
  const [channel, key, user, log, audit, capture] = await Promise.all([
    first("channels", "channels"),
    first("keys", "keys"),
    first("users", "users"),
    first("logs", "logs"),
    first("audit", "entries"),
    first("captures", "captures"),
  ]);
  drawers = [
    "tokens/new",
    `tokens/${token}`,
    `tokens/${token}/edit`,
    "keys/new",
    "keys/import",
    `keys/${key}`,
    `keys/${key}/edit`,
    "channels/new",
    `channels/${channel}`,
    `channels/${channel}/edit`,
    `channels/${channel}/share`,
    "channels?explain=llama3.2",
    "users/new",
    `users/${user}`,
    "users/tokens/new",
    "models/llama3.2",
    `logs/${log}`,
    `logs/audit/${audit}`,
    `logs/captures/${capture}`,
  ];
});
after(async () => {
  await closeBrowser();
  await place.close();
});

/** What was found in a test, all of it. */
let found = [];
afterEach(() => {
  const all = found;
  found = [];
  assert.deepEqual(all, []);
});

/** Looks at what is open, and keeps a picture of it. */
async function look(page, name, { language, scheme, width }) {
  for (const fault of await axe(page)) found.push(`${name}, ${language}, ${scheme}: ${fault}`);
  await shot(page, `open-${name.replaceAll(/\W+/g, "-")}-${language}-${scheme}-${width}`);
}

test("drawers", async () => {
  for (const path of drawers) {
    for (const kind of LOOKS) {
      const page = await visit(place, `/${path}`, kind);
      await page.getByRole("dialog").waitFor();
      await page.waitForLoadState("networkidle");
      await look(page, path, kind);
      await page.leave();
    }
  }
});

/** Opens each of what `selector` finds on the page, one after the other. */
async function each(page, selector, opened, kind, name) {
  const found = page.locator(`${selector}:visible`);
  const count = await found.count();
  for (let at = 0; at < count; at += 1) {
    await found.nth(at).click();
    const open = page.locator(`${opened}:visible`);
    await open.waitFor();
    await look(page, `${name}-${at}`, kind);
    await page.keyboard.press("Escape");
    await open.waitFor({ state: "hidden" });
  }
  return count;
}

test("menus and lists of pages", async () => {
  let count = 0;
  for (const name of PAGES) {
    for (const kind of LOOKS) {
      const page = await visit(place, `/${name}`, kind);
      await page.waitForLoadState("networkidle");
      count += await each(page, "main [aria-haspopup=menu]", "[role=menu]", kind, `${name}-menu`);
      count += await each(page, "main input[aria-haspopup=listbox][readonly]", "[role=listbox]", kind, `${name}-list`);
      await page.leave();
    }
  }
  assert(count > 20, `${count} were opened`);
});

test("menus of the head, commands, keys, navigation of a telephone", async () => {
  for (const kind of [...LOOKS, ...OTHERS]) {
    const page = await visit(place, "/dashboard", kind);
    assert.equal(await each(page, "header [aria-haspopup=menu]", "[role=menu]", kind, "head-menu"), 3);
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    await look(page, "commands", kind);
    await page.keyboard.type("zzz");
    await look(page, "commands-none", kind);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await look(page, "keyboard", kind);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    if (kind.width < 768) {
      const bar = page.getByRole("navigation", { name: /^(Menu|菜单)$/ });
      await page.locator("nav[inert]").waitFor({ state: "attached" });
      await page.locator("header button").first().click();
      await bar.waitFor();
      assert.equal(await page.locator("nav[inert]").count(), 0);
      await look(page, "navigation", kind);
    }
    await page.leave();
  }
});

test("bars of many rows, and what is asked before something is destroyed", async () => {
  for (const kind of LOOKS) {
    for (const name of ["tokens", "keys", "channels?view=table"]) {
      const page = await visit(place, `/${name}`, kind);
      await page.getByRole("row").nth(1).getByRole("checkbox").check();
      await look(page, `${name}-bulk`, kind);
      await page.getByRole("button", { name: /^(Delete|删除)$/ }).click();
      await page.getByRole("dialog").waitFor();
      await look(page, `${name}-ask`, kind);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      await page.getByRole("button", { name: /^(Turn off|禁用)$/ }).click();
      await page.getByRole("button", { name: /^(Undo|撤销)$/ }).waitFor();
      await look(page, `${name}-told`, kind);
      await page.getByRole("button", { name: /^(Undo|撤销)$/ }).click();
      await page.leave();
    }
    const page = await visit(place, "/keys", kind);
    await page.getByRole("button", { name: /^(All keys|全部操作)$/ }).click();
    await page.getByRole("menuitem").last().click();
    await page.getByRole("dialog").locator("form").waitFor();
    await look(page, "keys-ask-typed", kind);
    await page.leave();
  }
});

test("a secret, shown once; what is wrong in a form; what would be lost", async () => {
  for (const kind of LOOKS) {
    const page = await visit(place, "/tokens/new", kind);
    const addresses = page.getByLabel(/^(Allowed addresses|允许的 IP)/).first();
    await addresses.fill("nonsense");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: /^(Close|关闭)$/ }).click();
    const unsaved = page.getByRole("dialog", { name: /^(Close without saving|不保存就关闭)/ });
    await unsaved.waitFor();
    await look(page, "unsaved", kind);
    await unsaved.getByRole("button", { name: /^(Cancel|取消)$/ }).click();
    await page.locator("button[type=submit]").click();
    await page.locator("[aria-invalid=true]").first().waitFor();
    await look(page, "wrong", kind);
    await addresses.press("Backspace");
    await page.getByRole("dialog").getByLabel(/^(Name|名称)/).fill("for the test");
    await page.locator("button[type=submit]").click();
    await page.getByTestId("secret").waitFor();
    await look(page, "secret", kind);
    await page.leave();
  }
});

test("the review of settings, and the report of an import", async () => {
  const tokens = [{ id: "t1", name: HOSTILE, token: "sk-o2o-by-hand", enabled: true }];
  const file = { name: "tokens.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify({ tokens })) };
  for (const kind of LOOKS) {
    const page = await visit(place, "/settings/server", kind);
    await page.locator("#setting-max_body_bytes").fill("77");
    await page.getByRole("button", { name: /^(Review|查看修改)$/ }).click();
    await page.getByRole("dialog").getByRole("table").waitFor();
    await look(page, "review", kind);
    await page.leave();
    const report = await visit(place, "/settings/import", kind);
    await report.locator("input[type=file]").setInputFiles([file]);
    await report.getByRole("cell", { name: `token ${HOSTILE}` }).waitFor();
    await look(report, "report", kind);
    await report.leave();
  }
});
