// A browser whose pages are watched for what no page may do.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { PASSWORD } from "./world.mjs";

const SHOTS = fileURLToPath(new URL("../shots/", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** How long a page may take to show what is waited for; the machine may be busy. */
const PATIENCE_MS = 20_000;

let browser;

export async function launch() {
  browser ??= await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** What the browser says itself about an answer that is an error: the page has to show it, and does. */
const REFUSED = /^Failed to load resource: (the server responded with a status of (400|401|403|404|409|429|503)|net::ERR_CONNECTION_REFUSED)/;

/**
 * A page of the panel at `path`, signed in as the first admin or `as` another unless `signedIn` is false. `headers` come
 * with each request. Close it by `leave()`, which fails when the page did what none may.
 */
export async function visit(
  world,
  path,
  { language = "en", scheme = "light", width = 1400, height = 900, signedIn = true, as = {}, headers = {} } = {},
) {
  const context = await (await launch()).newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale: language === "zh" ? "zh-CN" : "en-GB",
    timezoneId: "Europe/Berlin",
    permissions: ["clipboard-read", "clipboard-write"],
    reducedMotion: "reduce",
    extraHTTPHeaders: headers,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !REFUSED.test(text)) faults.push(`console: ${text}`);
  });
  // No page of the panel uses one: it would be the work of a script in somebody's name.
  page.on("dialog", (dialog) => {
    if (dialog.type() !== "beforeunload") faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== new URL(world.url).origin) faults.push(`request: ${request.url()}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`csp: ${event.violatedDirective} ${event.blockedURI}`));
  });
  if (signedIn) {
    const answer = await context.request.post(`${world.url}/admin/login`, { data: { password: PASSWORD, ...as } });
    assert.equal(answer.status(), 200);
    await context.addInitScript(() => localStorage.setItem("o2o.known", "yes"));
  }
  await page.goto(`${world.url}/admin${path}`);
  if (signedIn) await page.getByRole("heading", { level: 1 }).waitFor();
  return Object.assign(page, {
    faults,
    leave: async () => {
      await context.close();
      assert.deepEqual(faults, []);
    },
  });
}

/** Drops files, or pastes them, on what `target` finds; each is `{ name, type, base64 }`. */
export async function give(target, event, files) {
  await target.evaluate(
    (node, { event, files }) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of files) {
        data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0))], name, { type }));
      }
      const options = { bubbles: true, cancelable: true };
      if (event === "paste") node.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
      else for (const kind of ["dragenter", "dragover", "drop"]) node.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: data }));
    },
    { event, files },
  );
}

/** A file of text for `give`. */
export const textFile = (name, text) => ({ name, type: "text/plain", base64: Buffer.from(text).toString("base64") });

/** What axe-core finds serious on the page as it stands. */
export async function axe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }),
  );
  const grave = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`));
}

/** A picture of the page for people. */
export async function shot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}${name}.png`, animations: "disabled" });
}
