// The page of clients: what it shows works as it stands.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { closeBrowser, visit } from "../rig/browser.mjs";
import { world } from "../rig/world.mjs";

const run = promisify(execFile);

let place;
before(async () => {
  place = await world();
});
after(async () => {
  await closeBrowser();
  await place.close();
});

test("a token that was just made stands in the command, and the copied command gets a reply", async () => {
  const page = await visit(place, "/connect");
  await page.getByRole("button", { name: "Create a token" }).click();
  await page.getByRole("dialog", { name: "New token" }).getByLabel("Name").fill("it's mine");
  await page.getByRole("button", { name: "Create token" }).click();
  const once = page.getByRole("dialog", { name: "Token it's mine" });
  const secret = await once.getByTestId("secret").textContent();
  await once.getByRole("link").click();

  await page.waitForURL(/\/admin\/connect$/);
  assert.equal(await page.getByRole("textbox", { name: "Token" }).inputValue(), secret);
  await page.getByRole("combobox", { name: "Model" }).and(page.locator("[value^=llama3]")).waitFor();
  await page.getByRole("button", { name: "Copy" }).first().click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(command.includes(secret));
  const { stdout } = await run("sh", ["-c", command], { timeout: 20_000 });
  assert.match(stdout, /"content":"Hello /);
  assert.match(stdout, /data: \[DONE\]/);
  await assert.rejects(async () => {
    const { stdout } = await run("sh", ["-c", command.replace(secret, "sk-other").replace("curl", "curl -f")], { timeout: 20_000 });
    return stdout;
  }, "without the token it is refused");
  await page.leave();
});

test("a client, an address and a token are chosen, and all of what is told follows", async () => {
  const page = await visit(place, "/connect");
  await page.getByRole("textbox", { name: "Token" }).fill("sk-of-mine");
  await page.getByRole("textbox", { name: "Gateway address" }).fill("https://llm.example.org/v1/");
  const clients = page.getByRole("navigation", { name: "Client" });
  await clients.getByRole("button", { name: "Python" }).click();
  const main = page.getByRole("main");
  await main.getByText('base_url="https://llm.example.org/v1", api_key="sk-of-mine"').first().waitFor();
  await clients.getByRole("button", { name: "ChatBox" }).click();
  await page.getByRole("heading", { name: "ChatBox" }).waitFor();
  await main.getByText("/v1/chat/completions", { exact: true }).waitFor();
  await main.getByText("https://llm.example.org", { exact: true }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "ChatBox" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Token" }).inputValue(), "", "the token is in no address and no store");
  await page.leave();
});
