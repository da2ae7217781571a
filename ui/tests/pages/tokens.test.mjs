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

test("from sign-in to a token that a client can use", async () => {
  const page = await visit(place, "/tokens", { signedIn: false });
  await page.getByRole("textbox", { name: "Password" }).fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByRole("textbox", { name: "Password" }).fill("a-long-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "No tokens yet" }).waitFor();

  await page.getByRole("button", { name: "New token" }).first().click();
  const form = page.getByRole("dialog", { name: "New token" });
  await form.getByLabel("Name").fill("ann");
  await form.getByLabel("Allowed addresses").fill("10.0.0.999");
  await form.getByRole("button", { name: "Create token" }).click();
  await form.getByText("must be an address or a CIDR range").waitFor();
  assert.equal(await form.getByLabel("Name").inputValue(), "ann", "what was typed is kept");
  await form.getByLabel("Allowed addresses").press("Backspace");
  await form.getByRole("textbox", { name: "Tokens a month" }).fill("1000");
  await form.getByRole("button", { name: "Create token" }).click();

  const once = page.getByRole("dialog", { name: "Token ann" });
  const secret = await once.getByTestId("secret").textContent();
  const copied = async (nth) => {
    await once.getByRole("button", { name: "Copy" }).nth(nth).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  assert.equal(await copied(0), secret);
  const call = await copied(1);
  assert(call.includes(`${place.url}/v1/chat/completions`) && call.includes(secret), call);
  await once.getByRole("button", { name: "Close" }).click();

  const reply = await place.ask("llama3.2", "hi", { key: secret });
  assert.equal(reply.choices[0].message.content, "Hello there.");
  const detail = page.getByRole("dialog", { name: "ann" });
  await detail.getByText("10 / 1K").waitFor();

  const [{ quotaResetAt }] = (await place.api("tokens")).tokens;
  // 28 hours before are in the evening of the day before yesterday.
  await page.clock.setFixedTime(new Date(new Date(quotaResetAt).getTime() - 28.3 * 3_600_000));
  await page.reload();
  await detail.getByText("resets in 2 days").waitFor();
  await page.leave();
});

test("columns sort all tokens, by the address too", async () => {
  await place.api("tokens", { method: "POST", body: { name: "aaron" } });
  const page = await visit(place, "/tokens", { width: 1800 });
  const shows = (first, last) =>
    page.waitForFunction(
      ([first, last]) => {
        const all = [...document.querySelectorAll("tbody a")].map((link) => link.textContent);
        return all[0] === first && all.at(-1) === last;
      },
      [first, last],
    );
  await shows("ann", "aaron");
  const sort = (name) => page.getByRole("table").getByRole("button", { name }).click();
  await sort("Name");
  await page.waitForURL(/sort=name/);
  await shows("aaron", "ann");
  await sort("Name");
  await page.waitForURL(/sort=-name/);
  await shows("ann", "aaron");
  for (const [title, order] of [["This month", "quotaUsed"], ["Total tokens", "totalTokens"], ["Last used", "lastUsed"], ["Created", "createdAt"]]) {
    await sort(title);
    await page.waitForURL(new RegExp(`sort=-?${order}`));
  }
  await page.goto(`${place.url}/admin/tokens?sort=-quotaUsed`);
  // Who has used most comes first.
  await shows("ann", "aaron");
  await page.leave();
});

test("search, turn off and on again, delete", async () => {
  for (const name of ["ben", "cas"]) await place.api("tokens", { method: "POST", body: { name } });
  const page = await visit(place, "/tokens?q=ben");
  const rows = page.getByRole("row").filter({ has: page.getByRole("link") });
  await page.getByRole("link", { name: "ben" }).waitFor();
  assert.equal(await rows.count(), 1, "the search of the address is in force");
  await rows.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Turn off" }).click();
  await rows.getByText("off").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await rows.getByText("on", { exact: true }).waitFor();

  await page.getByRole("link", { name: "ben" }).click();
  assert.match(page.url(), /\/admin\/tokens\/[0-9a-f-]+\?q=ben$/);
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog", { name: "Delete ben?" }).getByRole("button", { name: "Delete" }).click();
  await page.getByText("Nothing matches").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("link", { name: "cas" }).waitFor();
  await page.leave();
});
