// What happens to a page when its session or its gateway ends, or when somebody else edits the same thing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, visit } from "../rig/browser.mjs";
import { PASSWORD, world } from "../rig/world.mjs";

let place;
before(async () => {
  place = await world();
});
after(async () => {
  await closeBrowser();
  await place.close();
});

test("a session that ends in the middle asks for the password, and nothing typed is lost", async () => {
  const page = await visit(place, "/tokens/new");
  await page.getByRole("dialog").getByLabel("Name").fill("half typed");
  const { sessions } = await place.api("sessions");
  for (const { id } of sessions) await place.api(`sessions/${id}`, { method: "DELETE" });
  await page.getByRole("button", { name: "Create token" }).click();
  const over = page.getByRole("dialog", { name: "Your session has ended" });
  await over.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await over.getByRole("button", { name: "Sign in" }).click();
  await over.waitFor({ state: "hidden" });
  assert.equal(await page.getByRole("dialog").getByLabel("Name").inputValue(), "half typed");
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByRole("dialog", { name: "Token half typed" }).waitFor();
  await page.leave();
});

test("two admins edit the same token: the second is told, and chooses", async () => {
  const { token } = await place.api("tokens", { method: "POST", body: { name: "shared" } });
  const page = await visit(place, `/tokens/${token.id}/edit`);
  const form = page.getByRole("dialog", { name: "Edit shared" });
  await form.getByLabel("Note").fill("mine");
  await place.api(`tokens/${token.id}`, { method: "PUT", body: { note: "theirs", rateLimit: 7 } });
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("Somebody else has changed this meanwhile.").waitFor();
  assert.equal(await form.getByLabel("Note").inputValue(), "mine");
  await form.getByRole("button", { name: "Save mine" }).click();
  await page.getByRole("dialog", { name: "shared", exact: true }).getByText("mine", { exact: true }).waitFor();
  assert.equal((await place.api(`tokens/${token.id}`)).token.note, "mine");
  await page.leave();
});

test("closing a changed form asks first", async () => {
  const page = await visit(place, "/tokens/new");
  await page.getByRole("dialog").getByLabel("Name").fill("something");
  await page.keyboard.press("Escape");
  const ask = page.getByRole("dialog", { name: "Close without saving?" });
  await ask.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.getByRole("dialog").getByLabel("Name").inputValue(), "something");
  await page.keyboard.press("Escape");
  await ask.getByRole("button", { name: "Discard changes" }).click();
  await page.waitForURL(/\/admin\/tokens$/);
  await page.leave();
});

test("sign out everywhere leaves at once, and the other browser is asked for the password", async () => {
  const [here, other] = [await visit(place, "/tokens"), await visit(place, "/tokens")];
  await here.getByRole("button", { name: "admin", exact: true }).click();
  const answered = here.waitForResponse((answer) => answer.url().endsWith("/admin/logout"));
  await here.getByRole("menuitem", { name: "Sign out everywhere" }).click();
  await answered;
  // Sooner than the page asks again who is signed in.
  await here.getByRole("heading", { name: "Sign in", level: 1 }).waitFor({ timeout: 3_000 });
  assert.equal(await here.getByRole("dialog").count(), 0);
  await here.goto(`${place.url}/admin/tokens`);
  await here.getByRole("heading", { name: "Sign in", level: 1 }).waitFor();
  await other.getByRole("button", { name: "Refresh" }).click();
  await other.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await here.leave();
  await other.leave();
});

test("the browser's back asks before it leaves a changed form", async () => {
  const page = await visit(place, "/models");
  await page.getByRole("link", { name: "Tokens", exact: true }).click();
  await page.getByRole("button", { name: "New token" }).first().click();
  const form = page.getByRole("dialog", { name: "New token" });
  await form.getByLabel("Name").fill("something");
  const ask = page.getByRole("dialog", { name: "Close without saving?" });
  await page.goBack();
  await ask.waitFor();
  await page.goBack();
  assert.equal(await ask.count(), 1, "what is asked already is not asked again");
  await ask.getByRole("button", { name: "Cancel" }).click();
  await ask.waitFor({ state: "detached" });
  assert.match(page.url(), /\/admin\/tokens\/new$/);
  assert.equal(await form.getByLabel("Name").inputValue(), "something");

  await page.goBack();
  await ask.getByRole("button", { name: "Discard changes" }).click();
  await form.waitFor({ state: "detached" });
  assert.doesNotMatch(page.url(), /\/new$/);
  await page.getByRole("button", { name: "New token" }).first().click();
  await form.waitFor();
  await page.goBack();
  await form.waitFor({ state: "detached" });
  assert.equal(await ask.count(), 0, "an unchanged form is left unasked");
  await page.leave();
});

test("a gateway that restarts costs nothing that was typed", async () => {
  const page = await visit(place, "/tokens/new");
  const form = page.getByRole("dialog", { name: "New token" });
  await form.getByLabel("Name").fill("survivor");
  await place.stop();
  await form.getByRole("button", { name: "Create token" }).click();
  await page.getByText("The gateway cannot be reached. What you typed is kept; try again.").waitFor();
  assert.equal(await form.getByLabel("Name").inputValue(), "survivor");
  await place.again();
  await form.getByRole("button", { name: "Create token" }).click();
  await page.getByRole("dialog", { name: "Token survivor" }).waitFor();
  await page.leave();
});
