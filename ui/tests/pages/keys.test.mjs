import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, give, textFile, visit } from "../rig/browser.mjs";
import { world } from "../rig/world.mjs";

/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:9";

let place;
before(async () => {
  place = await world();
});
after(async () => {
  await closeBrowser();
  await place.close();
});

test("an import shows how each line is read, adds the good ones and keeps the wrong ones", async () => {
  const page = await visit(place, "/keys");
  await page.getByRole("heading", { name: "No keys yet" }).waitFor();
  await page.getByRole("button", { name: "Import" }).first().click();
  const form = page.getByRole("dialog", { name: "Import keys" });
  const lines = form.getByRole("textbox", { name: "Key lines" });
  await lines.fill(`${place.ollama.url}\n${NOWHERE}|sk-a-long-secret-key\n${place.ollama.url}\nftp://x`);
  const reading = form.getByRole("status", { name: "How it is read" });
  await reading.getByText("URL|KEY").waitFor();
  await reading.getByText("of line 1").waitFor();
  await reading.getByText("the address does not begin with http:// or https://").waitFor();
  assert.equal(await reading.getByText("sk-a-long-secret-key").count(), 0, "credentials are masked");
  await form.getByRole("button", { name: "Add 2 keys" }).click();
  await form.getByText("duplicates: 1, invalid: 1").waitFor();
  assert.equal(await lines.inputValue(), "ftp://x", "what is wrong is left to be mended");
  await reading.getByText("of line 1").waitFor({ state: "hidden" });
  await form.getByRole("button", { name: "Add keys" }).click();
  await form.getByText("None of these lines is a new key").waitFor();
  await lines.fill("");
  await form.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("2 of 2").waitFor();
  assert.equal((await place.api("keys")).keys.length, 2);
  await page.leave();
});

test("lines come by drop, by paste and from files, one after the other", async () => {
  const page = await visit(place, "/keys/import");
  const lines = page.getByRole("textbox", { name: "Key lines" });
  await give(lines, "drop", [textFile("a.txt", "http://a:1\n"), textFile("b.txt", "http://b:1")]);
  await page.getByRole("button", { name: "Add 2 keys" }).waitFor();
  await give(lines, "paste", [textFile("c.txt", "http://c:1")]);
  await page.getByRole("button", { name: "Add 3 keys" }).waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "d.txt", mimeType: "text/plain", buffer: Buffer.from("http://d:1") });
  await page.getByRole("button", { name: "Add 4 keys" }).waitFor();
  assert.deepEqual((await lines.inputValue()).split("\n").filter(Boolean), ["a", "b", "c", "d"].map((host) => `http://${host}:1`));
  await give(lines, "drop", [textFile("all.txt", "x".repeat(2_000_001))]);
  await page.getByText("all.txt is larger than").waitFor();
  assert.equal((await lines.inputValue()).includes("x"), false);
  await page.leave();
});

test("add one, edit it while somebody else does, test it", async () => {
  const page = await visit(place, "/keys/new");
  const form = page.getByRole("dialog", { name: "Add key" });
  await form.getByRole("textbox", { name: "Key line" }).fill(`${place.ollama.url}#secret`);
  await form.getByText("URL#KEY").waitFor();
  await form.getByRole("textbox", { name: "Name", exact: true }).fill("gpu-7");
  await form.getByRole("button", { name: "Add key" }).click();
  const detail = page.getByRole("dialog", { name: "gpu-7" });
  await detail.getByRole("button", { name: "Test" }).click();
  await page.getByText("gpu-7 answers").waitFor();
  await detail.getByRole("button", { name: "Reset health" }).click();
  await page.getByText("gpu-7 counts as healthy").waitFor();

  await detail.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit gpu-7" });
  await edit.getByRole("textbox", { name: "Weight" }).fill("30");
  const { id } = (await place.api("keys")).keys.find((key) => key.name === "gpu-7");
  await place.api(`keys/${id}`, { method: "PUT", body: { priority: 5 } });
  await edit.getByRole("button", { name: "Save", exact: true }).click();
  await edit.getByText("Somebody else has changed this meanwhile.").waitFor();
  await edit.getByRole("button", { name: "Save mine" }).click();
  await detail.getByRole("button", { name: "Edit" }).waitFor();
  assert.equal((await place.api(`keys/${id}`)).key.weight, 30);

  await detail.getByRole("button", { name: "Edit" }).click();
  await edit.getByRole("textbox", { name: "Address" }).fill(NOWHERE);
  await edit.getByRole("button", { name: "Save", exact: true }).click();
  await edit.getByText("must be entered again").waitFor();
  assert.equal(await edit.getByRole("textbox", { name: "Address" }).inputValue(), NOWHERE);
  await page.leave();
});

test("search, turn off and on again, delete all", async () => {
  const page = await visit(place, "/keys?q=gpu-7");
  const rows = page.getByRole("row").filter({ has: page.getByRole("link") });
  await page.getByRole("link", { name: "gpu-7" }).waitFor();
  assert.equal(await rows.count(), 1, "the search of the address is in force");
  await rows.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Turn off" }).click();
  await rows.getByText("off", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await rows.getByText("healthy", { exact: true }).waitFor();

  await page.getByRole("button", { name: "All keys" }).click();
  await page.getByRole("menuitem", { name: "Delete all" }).click();
  const ask = page.getByRole("dialog", { name: "Delete all 3 keys?" });
  await ask.getByRole("button", { name: "Delete all" }).click();
  await ask.getByText("This does not match").waitFor();
  await ask.getByRole("textbox").fill("3");
  await ask.getByRole("button", { name: "Delete all" }).click();
  await page.getByText("All keys deleted").waitFor();
  assert.equal((await place.api("keys")).keys.length, 0);
  await page.leave();
});
