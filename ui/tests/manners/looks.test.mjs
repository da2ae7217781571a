// Every page in both languages, both themes and three widths: nothing cut, no text without a translation, nothing that
// axe-core finds serious. Pictures of all of them are left in shots/.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, closeBrowser, shot, visit } from "../rig/browser.mjs";
import { fill } from "../rig/fill.mjs";
import { PAGES } from "../rig/pages.mjs";
import { world } from "../rig/world.mjs";

let place;
before(async () => {
  place = await world();
  await fill(place);
});
after(async () => {
  await closeBrowser();
  await place.close();
});

const LOOKS = [
  { language: "en", scheme: "light", width: 1400 },
  { language: "zh", scheme: "dark", width: 1400 },
  { language: "zh", scheme: "light", width: 360 },
  { language: "en", scheme: "dark", width: 360 },
];

/** Names of texts, as i18next shows them when they are missing. */
const MISSING = /\b[a-z]+(\.[a-zA-Z]+){1,3}\b/;

for (const name of PAGES) {
  test(`${name}: languages, themes, widths`, async () => {
    for (const look of LOOKS) {
      const page = await visit(place, `/${name}`, look);
      await page.waitForLoadState("networkidle");
      const where = `${name} ${JSON.stringify(look)}`;
      assert.equal(await page.evaluate(() => document.documentElement.lang), look.language === "zh" ? "zh-CN" : "en");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${where}: the page scrolls sideways by ${wide} px`);
      const missing = await page.evaluate((pattern) => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) texts.push(walker.currentNode.textContent.trim());
        return texts.filter((text) => new RegExp(`^${pattern}$`).test(text));
      }, MISSING.source);
      assert.deepEqual(missing.filter((text) => !/^llama|\.json$/.test(text)), [], `${where}: texts without words`);
      assert.deepEqual(await axe(page), [], where);
      await shot(page, `${name.replace("/", "-")}-${look.language}-${look.scheme}-${look.width}`);
      await page.leave();
    }
  });
}

test("tables fit a small desktop, tabs a telephone", async () => {
  for (const language of ["en", "zh"]) {
    for (const name of ["keys", "logs", "tokens"]) {
      const page = await visit(place, `/${name}`, { language, width: 1280 });
      await page.getByRole("row").nth(1).waitFor();
      const hidden = await page.locator("main [data-scrollarea-viewport]").evaluate((view) => view.scrollWidth - view.clientWidth);
      await shot(page, `${name}-${language}-1280`);
      assert.equal(hidden, 0, `${name}, ${language}: ${hidden} px are out of sight`);
      await page.leave();
    }
    const page = await visit(place, "/users", { language, width: 360 });
    const tops = await page.getByRole("tab").evaluateAll((tabs) => tabs.map((tab) => tab.getBoundingClientRect().top));
    assert.equal(new Set(tops).size, 1, `${language}: the tabs take more than one line`);
    await page.leave();
  }
});

test("sign-in: languages, themes, widths", async () => {
  for (const look of LOOKS) {
    const page = await visit(place, "/", { ...look, signedIn: false });
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, `login-${look.language}-${look.scheme}-${look.width}`);
    await page.leave();
  }
});

test("language and theme are chosen in the panel and remembered", async () => {
  const page = await visit(place, "/tokens");
  await page.getByRole("button", { name: "Language" }).click();
  await page.getByRole("menuitem", { name: "中文" }).click();
  await page.getByRole("heading", { level: 1, name: "令牌" }).waitFor();
  await page.getByRole("button", { name: "主题" }).click();
  await page.getByRole("menuitem", { name: "深色" }).click();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "令牌" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme), "dark");
  await page.leave();
});
