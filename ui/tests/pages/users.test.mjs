// The page of users: an API token from its making to its end.

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
