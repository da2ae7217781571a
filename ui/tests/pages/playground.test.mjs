import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call } from "../../../tests/sdk/node/ollama.mjs";
import { closeBrowser, give, visit } from "../rig/browser.mjs";
import { HOSTILE } from "../rig/fill.mjs";
import { chat, world } from "../rig/world.mjs";

/** The smallest PNG. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

let place;
before(async () => {
  place = await world();
  // Whoever comes without a token is refused from now on.
  await place.api("tokens", { method: "POST", body: { name: "ann" } });
});
after(async () => {
  await closeBrowser();
  await place.close();
});

const message = (page) => page.getByRole("textbox", { name: "Message", exact: true });

async function say(page, text) {
  await message(page).fill(text);
  await message(page).press("Enter");
}

/** The playground with a token that it has made for itself. */
async function open(query) {
  const page = await visit(place, `/playground?${query}`);
  await page.getByText("The gateway needs a token").waitFor();
  await page.getByRole("button", { name: "Create a token for the playground" }).click();
  await page.getByText("With token").waitFor();
  return page;
}

test("a token, a question, and a reply with its numbers", async () => {
  place.ollama.says(chat([{ thinking: "Let me see." }, "# Hello\n\nThis is **", `bold** ${HOSTILE}`, "\n\n```js\n1 < 2\n```"]));
  const page = await open("model=llama3.2");
  const { tokens } = await place.api("tokens");
  const made = tokens.find(({ name }) => name === "Playground (admin)");
  assert.ok(new Date(made.expiresAt) - Date.now() <= 86_400_000, "the token ends by itself");

  await page.getByRole("textbox", { name: "System prompt" }).fill("Be short.");
  await page.getByRole("textbox", { name: "Temperature" }).fill("0.5");
  await page.locator("input[type=file]").setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: Buffer.from(PNG, "base64") });
  await page.getByRole("img", { name: "Image dot.png" }).waitFor();
  await say(page, "hi");
  const reply = page.getByRole("article", { name: "llama3.2" });
  await reply.getByRole("heading", { name: "Hello" }).waitFor();
  assert.equal(await reply.getByText("bold", { exact: true }).evaluate((node) => node.tagName), "STRONG");
  await reply.getByText(HOSTILE).waitFor();
  await reply.getByText("1 < 2").waitFor();
  assert.equal(await reply.getByText("Let me see.").isVisible(), false, "what it thought is folded");
  await reply.getByRole("button", { name: "Thinking" }).click();
  await reply.getByText("Let me see.").waitFor();
  await reply.getByText("7 → 3 tokens").waitFor();
  await reply.getByText(/^Backend /).waitFor();

  const { messages, options } = place.ollama.asked;
  assert.deepEqual(messages[0], { role: "system", content: "Be short." });
  assert.equal(messages[1].content, "hi");
  assert.equal(messages[1].images.length, 1);
  assert.equal(options.temperature, 0.5);

  await reply.getByRole("button", { name: "Show request" }).click();
  const request = page.getByRole("dialog", { name: "The request" });
  await request.getByText("Python").click();
  await request.getByText("temperature=0.5,").waitFor();
  await request.getByRole("button", { name: "Close" }).click();

  await reply.getByRole("link", { name: /^req_/ }).click();
  await page.waitForURL(/\/admin\/logs\/req_/);
  await page.goBack();
  await page.getByRole("heading", { name: "Hello" }).waitFor();
  await page.leave();
});

test("opening it without a token asks nobody in vain", async () => {
  const refused = async () => (await place.api("logs?limit=200")).logs.filter(({ status }) => status === 401).length;
  const before = await refused();
  const page = await visit(place, "/playground", {});
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.reload();
  await page.getByText("The gateway needs a token").waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(errors, []);
  assert.equal(await refused(), before, "no refused request is in the log");
  await page.leave();
});

test("images come by drop and by paste; what is no image is refused by its name", async () => {
  place.ollama.says(chat(["Two dots."]));
  const page = await open("model=llama3.2");
  const png = (name) => ({ name, type: "image/png", base64: PNG });
  await give(page.getByRole("region", { name: "Conversation" }), "drop", [png("dropped.png"), { ...png("notes.txt"), type: "text/plain" }]);
  await page.getByRole("img", { name: "Image dropped.png" }).waitFor();
  await page.getByText(/notes\.txt/).waitFor();
  await give(message(page), "paste", [png("pasted.png")]);
  await page.getByRole("img", { name: "Image pasted.png" }).waitFor();
  assert.equal(await page.getByRole("img", { name: "Image notes.txt" }).count(), 0);
  await say(page, "what is this?");
  await page.getByText("Two dots.", { exact: true }).waitFor();
  assert.deepEqual(place.ollama.asked.messages.at(-1).images, [PNG, PNG]);
  await page.leave();
});

test("a call of a tool, its result, and a second model on the same turns", async () => {
  place.ollama.says(chat([{ tool_calls: [call("get_weather", { city: "Paris" }, "call_1")] }]), chat(["It is 21 degrees."]));
  const page = await open("model=llama3.2");
  const tools = page.getByRole("textbox", { name: "Tools" });
  await tools.fill("[{]");
  await page.getByText("This is not JSON").waitFor();
  await page.getByText("Correct the tools or the schema in the settings first.").waitFor();
  await tools.fill("");
  await page.getByRole("button", { name: "Insert example" }).click();
  await say(page, "weather in Paris?");
  await page.getByText("Call to get_weather").waitFor();
  await page.getByRole("textbox", { name: "Result of get_weather" }).fill("21");
  await page.getByRole("button", { name: "Send results and continue" }).click();
  await page.getByText("It is 21 degrees.", { exact: true }).waitFor();
  assert.equal(place.ollama.asked.messages.at(-1).content, "21");

  place.ollama.says(chat(["So say I."]));
  await page.getByRole("switch", { name: "Compare with another model" }).click();
  assert.match(page.url(), /compare=/);
  await page.getByRole("button", { name: "Answer this too" }).click();
  await page.getByText("So say I.", { exact: true }).waitFor();
  assert.deepEqual(
    place.ollama.asked.messages.map(({ role }) => role),
    ["user"],
    "the other one answers the same question, not the first one's answer",
  );
  await page.leave();
});

test("stop, an error of the API, edit, clear and undo", async () => {
  place.ollama.says(chat(["Half of"], { then: "hang" }));
  const page = await open("model=llama3.2");
  await say(page, "long");
  await page.getByText("Half of", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Stopped").waitFor();
  await place.ollama.left.promise;

  place.ollama.says({ status: 400, body: { error: "that will not do" } }, chat(["Better."]));
  await say(page, "bad");
  const alert = page.getByRole("alert");
  await alert.getByText("that will not do").waitFor();
  await alert.getByText(/^HTTP 400/).waitFor();
  await alert.getByRole("link", { name: /^req_/ }).waitFor();
  await page.getByRole("button", { name: "Edit and send again" }).last().click();
  const edited = page.getByRole("textbox", { name: "Edit and send again" });
  await edited.fill("good");
  await edited.press("Enter");
  await page.getByText("Better.", { exact: true }).waitFor();
  assert.equal(await page.getByText("bad", { exact: true }).count(), 0);

  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("heading", { name: "No messages yet" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Better.", { exact: true }).waitFor();
  await page.leave();
});
