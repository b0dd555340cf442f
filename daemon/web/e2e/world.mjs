/** What every test of the page needs: a browser, a signed-in page, and what the service can be told to do. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { after, test as plainTest } from "node:test";
import { chromium } from "playwright-core";

/** Written by tests/page/__main__.py. */
export const WORLD = JSON.parse(process.env.CBVIR_E2E ?? "{}");
export const WIDTHS = { phone: 390, desk: 1280, wall: 2560 };
export const PATIENCE_MS = 20_000;

/** No test of the page may take longer. */
const TEST_LIMIT_MS = 90_000;

export const test = (name, options, work) =>
  work ? plainTest(name, { timeout: TEST_LIMIT_MS, ...options }, work) : plainTest(name, { timeout: TEST_LIMIT_MS }, options);

const HEIGHTS = { 390: 844, 1280: 800, 2560: 1440 };
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser = null;

async function launched() {
  browser ??= await chromium.launch({
    executablePath: WORLD.chromium,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
  return browser;
}

after(async () => browser?.close());

/** Has the service restarted, given a file, and so on: see tests/page/control.py. */
export async function control(action, parameters = {}) {
  const response = await fetch(`${WORLD.control}/${action}?${new URLSearchParams(parameters)}`, { method: "POST" });
  const result = await response.json();
  assert.equal(response.status, 200, `${action}: ${result}`);
  return result;
}

/**
 * A page that has signed in. `log` fills with what the browser asked for and complained about.
 * Options: `width`, `dark`, `language`, `entry` (else that of the service with the clips).
 */
export async function opened({ width = WIDTHS.desk, dark = false, language = "en-GB", entry, ...more } = {}) {
  const context = await (await launched()).newContext({
    viewport: { width, height: HEIGHTS[width] ?? 900 },
    colorScheme: dark ? "dark" : "light",
    locale: language,
    hasTouch: width < 500,
    reducedMotion: "reduce",
    ...more,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const log = { requests: [], complaints: [] };
  page.on("request", (request) => log.requests.push(request.url()));
  page.on("pageerror", (error) => log.complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") log.complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("dialog", (dialog) => {
    log.complaints.push(`a dialog opened: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const address = entry ?? (await control("entry"));
  await page.goto(address);
  await page.locator("header.top").waitFor();
  return { page, context, log, origin: new URL(address).origin };
}

/** The path of a question. */
export const questionFile = (name) => join(WORLD.questions, name);

/** Names of the videos that are shown as results, the best first. */
export const foundVideos = (page) => page.locator(".results > .groups .group h2").allInnerTexts();

/** A file of the folder of questions as something that is dropped or pasted. */
export async function transferOf(page, ...names) {
  const files = names.map((name) => ({ name: basename(name), data: readFileSync(name).toString("base64") }));
  return page.evaluateHandle((given) => {
    const transfer = new DataTransfer();
    const types = { jpg: "image/jpeg", png: "image/png", mp4: "video/mp4" };
    for (const { name, data } of given) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: types[name.split(".").pop()] ?? "" }));
    }
    return transfer;
  }, files);
}

/** Asks with files of the folder of questions. */
export async function askWith(page, ...names) {
  await page.locator("input[type=file]").first().setInputFiles(names.map(questionFile));
}

/** Waits for the final answer. */
export async function answered(page) {
  await page.locator(".results[aria-busy=false] .stages.is-done").waitFor();
}

/** Fails with what axe-core finds wrong with the page as it is. */
export async function accessible(page, what) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map((node) => `${node.html} ${node.any[0]?.message ?? ""}`).join("\n    ")}`,
  );
  assert.deepEqual(told, [], `axe-core about ${what}`);
}

/** Fails where something reaches over the side of the window. */
export async function fits(page, what) {
  const over = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    const inside = (one) => one.closest("[data-scrolls], .unseen, .skip, .laid") === null; // these are cut off
    return [...document.querySelectorAll("body *:not(svg *)")]
      .filter((one) => inside(one) && one.getBoundingClientRect().right > limit + 1)
      .map((one) => `${one.tagName}.${one.className}`);
  });
  assert.deepEqual(over, [], `${what} is wider than the window`);
}

/** Keeps a picture of the page for people to look at. */
export async function pictured(page, name, options = {}) {
  mkdirSync(WORLD.screenshots, { recursive: true });
  await page.screenshot({ path: join(WORLD.screenshots, `${name}.png`), ...options });
}

/** Fails where the browser complained, or asked anything of another host. */
export function quiet({ log, origin }) {
  const foreign = log.requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith(`blob:${origin}/`));
  assert.deepEqual(foreign, [], "requests that leave the service");
  assert.deepEqual(log.complaints, [], "complaints of the browser");
}
