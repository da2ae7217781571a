// What the panel takes with 10,000 tokens, 1,000 channels and a million log rows: scripts/panel-bars.sh runs it. Prints each
// page's first paint, when its content stands, and its slowest interaction, beside their bars; nothing fails here.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeBrowser, visit } from "./rig/browser.mjs";
import { world } from "./rig/world.mjs";

const ROUNDS = 5;
const PAINT_MS = 1000;
const INTERACTION_MS = 100;

const key = (name) => (page) => page.keyboard.press(name);
const type = (text) => async (page) => {
  await page.getByRole("searchbox").first().click();
  await page.keyboard.type(text, { delay: 40 });
};
const open = (page) => page.locator("tr, [data-channel]").getByRole("link").first().click();

/** Path, what stands when its content is there, and what a person does then. */
const PAGES = [
  ["/dashboard", (page) => page.getByText("gpu-").first(), [["7 days", (page) => page.getByText("7 d", { exact: true }).first().click()], ["palette", key("Control+k")]]],
  ["/tokens", (page) => page.getByRole("link", { name: "user-" }).first(), [["search", type("user-77")], ["open", open]]],
  ["/channels", (page) => page.getByText("rack-").first(), [["search", type("rack-77")], ["open", open]]],
  ["/channels?explain=llama3.2", (page) => page.getByRole("dialog").getByText("rack-").first(), [["close", key("Escape")]]],
  ["/models", (page) => page.getByText("llama3.2").first(), [["search", type("tiny")]]],
  ["/logs", (page) => page.getByRole("row").getByRole("link").first(), [["search", type("runner")], ["open", open]]],
  ["/logs/audit", (page) => page.getByRole("row").nth(1), [["search", type("user-77")]]],
  ["/playground", (page) => page.getByRole("textbox").first(), [["palette", key("Control+k")]]],
  ["/connect", (page) => page.getByText("curl").first(), [["palette", key("Control+k")]]],
  ["/settings", (page) => page.getByText("PORT").first(), [["search", type("rate")]]],
];

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const line = (what, times, bar) => {
  const verdict = bar ? `bar ${bar} ms  ${median(times) <= bar ? "held" : "MISSED"}` : "";
  const [least, most] = [Math.min(...times), Math.max(...times)].map(Math.round);
  console.log(`${what.padEnd(46)} median ${String(Math.round(median(times))).padStart(5)} ms  (${least}-${most})  ${verdict}`);
};

/** Milliseconds from what a person did to the next picture; none when it left no trace of 16 ms or more. */
const watch = (page) =>
  page.evaluate(() => {
    window.slow = [];
    new PerformanceObserver((list) => window.slow.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: "event",
      durationThreshold: 16,
    });
  });
const slowest = async (page) => {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0))));
  return page.evaluate(() => Math.max(0, ...window.slow.splice(0)));
};

async function round(place, [path, content, steps], seen) {
  const page = await visit(place, path);
  await content(page).waitFor();
  const standing = await page.evaluate(() => performance.now());
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  const note = (what, time) => seen.set(what, [...(seen.get(what) ?? []), time]);
  note("first paint", paint);
  note("content", standing);
  await watch(page);
  for (const [name, act] of steps) {
    await act(page);
    note(name, await slowest(page));
  }
  await page.leave();
}

const folder = mkdtempSync(join(tmpdir(), "panel-"));
const place = await world({
  settings: { DATA_DIR: folder, LOG_MAX_ROWS: "0", HEALTH_CHECK_INTERVAL: "30" },
  tokens: {},
  prepare: (upstream) => execFileSync(process.env.LOG_BARS, ["fill", folder, upstream], { stdio: "inherit" }),
});
try {
  for (const one of PAGES) {
    const seen = new Map();
    for (let nth = 0; nth < ROUNDS; nth += 1) await round(place, one, seen);
    for (const [what, times] of seen) {
      line(`${one[0]}: ${what}`, times, { "first paint": PAINT_MS, content: PAINT_MS }[what] ?? INTERACTION_MS);
    }
  }
} finally {
  await closeBrowser();
  await place.close();
  rmSync(folder, { recursive: true });
}
