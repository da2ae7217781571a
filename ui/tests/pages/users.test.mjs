// The page of users: API tokens, accounts, sessions and passwords, from their making to their end.

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

/** What the gateway says to the next change of the own password. */
const answer = (page) => page.waitForResponse((answer) => answer.url().endsWith("/admin/api/me/password"));

/** The status of signing in. */
const signIn = async ({ url }, username, password) =>
  (await fetch(`${url}/admin/login`, { method: "POST", body: JSON.stringify({ username, password }) })).status;

test("an API token with an end is made, shown once, opens the API, and is revoked", async () => {
  const page = await visit(place, "/users/tokens/new");
  const form = page.getByRole("dialog", { name: "New API token" });
  await form.getByRole("textbox", { name: "Name" }).fill("deploy");
  await form.getByLabel("Expires").fill("2999-12-31T08:00");
  await form.getByRole("button", { name: "Create" }).click();

  const once = page.getByRole("dialog", { name: "API token deploy" });
  const [secret] = (await once.textContent()).match(/o2o-admin-[0-9a-f]{64}/) ?? [];
  const status = async () =>
    (await fetch(`${place.url}/admin/api/tokens`, { headers: { authorization: `Bearer ${secret}` } })).status;
  assert.equal(await status(), 200);
  const { adminTokens } = await place.api("admin-tokens");
  assert.equal(adminTokens[0].expiresAt, "2999-12-31T07:00:00.000Z", "the browser is in Berlin");

  await once.getByRole("button", { name: "Close" }).click();
  await page.getByRole("row").filter({ hasText: "deploy" }).getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog", { name: "Revoke deploy?" }).getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("heading", { name: "No API tokens yet" }).waitFor();
  assert.equal(await status(), 401);
  await page.leave();
});

test("an account with a role signs in, and its session is ended", async () => {
  const page = await visit(place, "/users");
  await page.getByRole("button", { name: "New account" }).click();
  const form = page.getByRole("dialog", { name: "New account" });
  await form.getByRole("textbox", { name: "Name" }).fill("otto");
  await form.getByRole("textbox", { name: "Password" }).fill("short");
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByText("must have 8 to 256 bytes").waitFor();
  await form.getByRole("textbox", { name: "Password" }).fill("a-password-of-otto");
  await form.getByRole("radio", { name: "admin" }).check();
  await form.getByRole("checkbox").uncheck();
  await form.getByRole("button", { name: "Create" }).click();
  await page.getByRole("row").filter({ hasText: "otto" }).getByText("admin", { exact: true }).waitFor();

  const other = await visit(place, "/tokens", { as: { username: "otto", password: "a-password-of-otto" } });
  await other.getByRole("button", { name: "New token" }).first().waitFor();
  await page.getByRole("tab", { name: "Sessions" }).click();
  const session = page.getByRole("row").filter({ hasText: "otto" });
  await session.getByRole("button", { name: "End" }).click();
  await page.getByText("Session ended").waitFor();
  await session.waitFor({ state: "detached" });
  await other.getByRole("button", { name: "Refresh" }).click();
  await other.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await other.leave();
  await page.leave();
});

test("the own password is changed: the old one opens nothing more", async () => {
  await place.api("users", { method: "POST", body: { name: "vera", password: "a-password-of-vera", role: "viewer", mustChange: false } });
  const page = await visit(place, "/users/me", { as: { username: "vera", password: "a-password-of-vera" } });
  const fill = (name, text) => page.getByRole("textbox", { name, exact: true }).fill(text);
  await fill("Current password", "not-this-one");
  await fill("New password", "another-password-of-vera");
  await fill("Repeat new password", "another-password");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("The two do not match").waitFor();
  await fill("Repeat new password", "another-password-of-vera");
  const answered = answer(page);
  await page.getByRole("button", { name: "Set password" }).click();
  assert.notEqual((await answered).status(), 200);
  await fill("Current password", "a-password-of-vera");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal(await signIn(place, "vera", "a-password-of-vera"), 401);
  assert.equal(await signIn(place, "vera", "another-password-of-vera"), 200);
  await page.leave();
});

test("the default password opens nothing but its own change", async () => {
  const fresh = await world({ settings: { ADMIN_PASSWORD: "" } });
  const page = await visit(fresh, "/tokens", { signedIn: false });
  await page.getByRole("textbox", { name: "Password" }).fill("admin123");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Set a new password first" }).waitFor();
  assert.equal(await page.getByRole("navigation").count(), 0, "no page is there yet");
  const fill = (name, text) => page.getByRole("textbox", { name, exact: true }).fill(text);
  const set = async (text) => {
    await fill("Current password", "admin123");
    await fill("New password", text);
    await fill("Repeat new password", text);
    await page.getByRole("button", { name: "Set password" }).click();
  };
  const answered = answer(page);
  await set("admin123");
  assert.notEqual((await answered).status(), 200);
  await set("a-better-password");
  await page.getByRole("heading", { name: "No tokens yet" }).waitFor();
  assert.equal(await signIn(fresh, "admin", "admin123"), 401);
  assert.equal(await signIn(fresh, "admin", "a-better-password"), 200);
  await page.leave();
  await fresh.close();
});
