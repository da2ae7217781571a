// What the page of signing in says before anybody does.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, visit } from "../rig/browser.mjs";
import { world } from "../rig/world.mjs";

const ELSEWHERE = { "x-forwarded-for": "203.0.113.9" };
const TITLES = { en: "The account admin cannot sign in from here yet", zh: "admin 账户暂时无法从此处登录" };

let fresh;
let ready;
before(async () => {
  fresh = await world({ settings: { ADMIN_PASSWORD: "" } });
  ready = await world();
});
after(async () => {
  await closeBrowser();
  await fresh.close();
  await ready.close();
});

for (const [language, title] of Object.entries(TITLES)) {
  test(`without ADMIN_PASSWORD, from another machine, it says why and what to set (${language})`, async () => {
    const page = await visit(fresh, "/", { language, signedIn: false, headers: ELSEWHERE });
    const notice = page.getByRole("alert", { name: title });
    await notice.getByText("ADMIN_PASSWORD").waitFor();
    await notice.getByText("ollama2openai user passwd admin").waitFor();
    await page.leave();
  });
}

test("it says nothing where signing in works", async () => {
  for (const [place, headers] of [[fresh, {}], [ready, ELSEWHERE]]) {
    const page = await visit(place, "/", { signedIn: false, headers });
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.waitForFunction(() => performance.getEntriesByName(`${location.origin}/admin/api/sign-in`).length > 0);
    assert.equal(await page.getByRole("alert").count(), 0);
    await page.leave();
  }
});
