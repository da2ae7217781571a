import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, give, textFile, visit } from "../rig/browser.mjs";
import { PASSWORD, world } from "../rig/world.mjs";

let place;
before(async () => {
  place = await world();
});
after(async () => {
  await closeBrowser();
  await place.close();
});

/** What is saved, by the names of settings. */
async function saved() {
  const { settings } = await place.api("settings");
  return Object.fromEntries(settings.filter(({ origin }) => origin === "saved").map(({ name, value }) => [name, value]));
}

const groups = (page) => page.getByRole("navigation", { name: "Setting groups" });

test("changes of two groups: refused at the field, reviewed, overtaken, saved, undone", async () => {
  const page = await visit(place, "/settings");
  await page.getByRole("textbox", { name: "Max request size" }).fill("5000");
  await groups(page).getByRole("link", { name: "Backends" }).click();
  await page.getByRole("textbox", { name: "Retries" }).fill("5");
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByText("is too large").waitFor();
  assert.match(page.url(), /\/admin\/settings\/server$/, "the page goes to what is refused");
  await page.getByRole("textbox", { name: "Max request size" }).fill("50");

  await page.getByRole("button", { name: "Review" }).click();
  const review = page.getByRole("dialog", { name: "Save these changes?" });
  const retries = review.getByRole("row").filter({ hasText: "MAX_RETRIES" });
  await retries.getByText("5", { exact: true }).waitFor();
  await review.getByText("50 MiB").waitFor();
  await place.api("settings", { method: "POST", body: { max_retries: 7 } });
  await review.getByRole("button", { name: "Save 2 changes" }).click();
  await review.getByText("Somebody else has saved settings meanwhile").waitFor();
  await review.getByRole("button", { name: "Compare again" }).click();
  await retries.getByText("7", { exact: true }).waitFor();
  await review.getByRole("button", { name: "Save 2 changes" }).click();
  await review.waitFor({ state: "detached" });
  assert.deepEqual(await saved(), { max_body_bytes: "50MiB", max_retries: "5" });

  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByRole("textbox", { name: "Max request size" }).and(page.locator("[value='64']")).waitFor();
  assert.deepEqual(await saved(), { max_retries: "7" });
  await page.leave();
});

test("what the environment sets is told beside the default", async () => {
  const page = await visit(place, "/settings/limits");
  await page.getByText("Default: 500", { exact: true }).first().waitFor();
  await page.leave();
});

test("search, changed only, and changes that outlive a look at another page", async () => {
  await place.api("settings", { method: "POST", body: { max_retries: 7 } });
  const page = await visit(place, "/settings?changed=yes");
  await page.locator("#search").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("retries");
  await page.waitForURL(/q=retries/);
  await page.getByText("Configured: 2 (default)").waitFor();
  await page.getByRole("button", { name: "Back to the configured value: Retries" }).click();
  await page.getByRole("link", { name: "Tokens", exact: true }).click();
  await page.getByRole("button", { name: "Back to settings" }).click();
  await page.getByText("1 change not saved").waitFor();
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Save 1 change" }).click();
  await page.getByText("1 change not saved").waitFor({ state: "detached" });
  assert.equal((await saved()).max_retries, undefined);
  await page.leave();
});

test("changes that are not saved are gone with the sign-out", async () => {
  const page = await visit(place, "/settings/server");
  await page.getByRole("textbox", { name: "Max request size" }).fill("51");
  await page.getByText("1 change not saved").waitFor();
  await page.getByRole("button", { name: "admin", exact: true }).click();
  await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
  // The page of signing in, not the question that a lost session asks over a page that stays.
  await page.getByRole("heading", { name: "Sign in", level: 1 }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Max request size" }).count(), 0, "the data is gone");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  assert.equal(await page.getByRole("button", { name: "Back to settings" }).count(), 0, "nothing is offered");
  await page.getByRole("button", { name: "Sign in" }).click();
  // The page is the same one: nothing was loaded anew.
  await page.getByRole("textbox", { name: "Max request size" }).waitFor();
  assert.notEqual(await page.getByRole("textbox", { name: "Max request size" }).inputValue(), "51");
  assert.equal(await page.getByText("1 change not saved").count(), 0);
  await page.leave();
});

test("rules of addresses are tried before they are saved, and shut nobody out unasked", async () => {
  const page = await visit(place, "/settings/rules");
  await page.getByRole("combobox", { name: "Mode" }).click();
  await page.getByRole("option", { name: "all but the blacklist" }).click();
  const blacklist = page.getByRole("textbox", { name: "Blacklist" });
  await blacklist.fill("127.0.0.1\nnonsense");
  await page.getByRole("button", { name: /^Your address/ }).click();
  await page.getByText("2: has `nonsense`").waitFor();
  await blacklist.fill("127.0.0.0/8");
  await page.getByRole("button", { name: /^Your address/ }).click();
  await page.getByText("Matches 127.0.0.0/8").waitFor();

  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Save 2 changes" }).click();
  const asked = page.getByRole("dialog", { name: "This locks you out" });
  await asked.getByRole("button", { name: "Cancel" }).click();
  await asked.waitFor({ state: "detached" });
  assert.equal((await saved()).ip_access_mode, undefined);
  await page.getByRole("dialog").getByRole("button", { name: "Back" }).click();
  await blacklist.fill("203.0.113.0/24");
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Save 2 changes" }).click();
  await page.getByText("2 changes not saved").waitFor({ state: "detached" });
  const { ip_access_mode, ip_blacklist } = await saved();
  assert.deepEqual([ip_access_mode, ip_blacklist], ["blacklist", "203.0.113.0/24"]);
  await page.leave();
});

test("caches are cleared, a backup is downloaded", async () => {
  const page = await visit(place, "/settings/cache");
  await page.getByRole("button", { name: "Clear caches" }).click();
  await page.getByText("Caches cleared").waitFor();
  await groups(page).getByRole("link", { name: "Backup" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download backup" }).click();
  assert.match((await download).suggestedFilename(), /^ollama2openai-.+\.db$/);
  await page.leave();
});

test("an import is looked at first, as text whatever its names say", async () => {
  const page = await visit(place, "/settings/import");
  const file = (name, text) => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });
  const name = "<img src=x onerror=alert(1)>";
  const tokens = { tokens: [{ id: "t1", name, token: "sk-o2o-by-hand", enabled: true }] };
  const chooser = page.locator("input[type=file]");
  await give(page.getByText("Drop files here"), "drop", [textFile("tokens.json", "{\n{"), textFile("Cargo.toml", "")]);
  await page.getByText("Not a file of the Node version: Cargo.toml").waitFor();
  await page.getByText("is damaged in line 2").waitFor();
  await chooser.setInputFiles([file("tokens.json", JSON.stringify(tokens))]);
  await page.getByRole("cell", { name: `token ${name}` }).waitFor();
  assert.equal((await place.api("tokens")).tokens.length, 0, "nothing has changed yet");
  await page.getByRole("button", { name: "Import 1" }).click();
  await page.getByRole("heading", { name: "Import result" }).waitFor();
  assert.equal((await place.api("tokens")).tokens[0].name, name);
  await page.leave();
});
