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

test("from an empty gateway to the first request, without a reload", async () => {
  const page = await visit(place, "/dashboard");
  const steps = page.getByRole("region", { name: "Three steps to the first reply" });
  const done = steps.getByRole("img", { name: "done" });
  await steps.getByText("1 of 1 answers.").waitFor();
  assert.equal(await done.count(), 1);
  await steps.getByRole("link", { name: "Create a token" }).click();
  await page.getByRole("dialog", { name: "New token" }).waitFor();

  const { token } = await place.api("tokens", { method: "POST", body: { name: "ann" } });
  await page.goto(`${place.url}/admin/dashboard`);
  await steps.getByText("There is 1 token.").waitFor();
  await place.ask("llama3.2", "hi", { key: token.token });
  await page.getByRole("group", { name: "Requests" }).getByText("1", { exact: true }).waitFor();
  assert.equal(await done.count(), 3, "who has waited for the first request sees its tick");
  await page.leave();
});

test("rows and charts lead to the requests behind them", async () => {
  const page = await visit(place, "/dashboard?range=1h");
  const logs = async (open) => {
    await open();
    await page.waitForURL(/\/admin\/logs\?/);
    const { searchParams } = new URL(page.url());
    await page.goBack();
    await page.getByRole("region", { name: "Requests by outcome" }).waitFor();
    return searchParams;
  };
  const inPart = (part, name) => page.getByRole("region", { name: part }).getByRole("link", { name });
  const model = await logs(() => inPart("Tokens by model", "llama3.2").click());
  assert.equal(model.get("model"), "llama3.2");
  const token = await logs(() => inPart("Top tokens", "ann").press("Enter"));
  assert.equal(token.get("token"), (await place.api("tokens")).tokens.find(({ name }) => name === "ann").id);
  const outcome = await logs(() => inPart("Requests by outcome", /^ok/).click());
  assert.equal(outcome.get("outcome"), "ok");

  const click = await logs(async () => {
    const chart = page.getByRole("region", { name: "Requests by outcome" }).locator(".recharts-wrapper");
    // Scrolls to it, and waits until it stands still.
    await chart.hover({ position: { x: 380, y: 60 } });
    await chart.hover({ position: { x: 400, y: 60 } });
    await chart.getByText("ok", { exact: true }).waitFor();
    const { x, y } = await chart.boundingBox();
    await page.mouse.down();
    await page.mouse.move(x + 700, y + 60, { steps: 8 });
    await page.mouse.up();
    assert.match(page.url(), /\/dashboard/, "a drag leads nowhere");
    await page.mouse.click(x + 700, y + 60);
  });
  const minutes = (new Date(click.get("until")) - new Date(click.get("since"))) / 60_000;
  assert.equal(minutes, 1, "one piece of the hour");
  await page.leave();
});

test("what wants a person is named, with a way to mend it", async () => {
  const body = { name: "gone", baseUrl: "http://127.0.0.1:9" };
  await place.api("channels", { method: "POST", body });
  const page = await visit(place, "/dashboard");
  const attention = page.getByRole("region", { name: /^Needs attention/ });
  await attention.getByText("127.0.0.1:9 is down.").waitFor();
  await page.getByRole("link", { name: "gone · 127.0.0.1:9", exact: true }).waitFor();
  await attention.getByRole("link", { name: "See the backend" }).click();
  await page.getByRole("dialog", { name: "gone" }).waitFor();
  await page.goBack();
  await page.getByText("7 d", { exact: true }).click();
  await page.waitForURL(/range=7d/);
  await page.reload();
  await page.getByRole("radio", { name: "7 d", checked: true }).waitFor({ state: "attached" });
  await page.leave();
});
