/** See: stages as they come, scenes on a time line, the question beside the frame, the picture of the README. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as world from "./world.mjs";
import { answered, askWith, opened, test, WORLD } from "./world.mjs";

test("first candidates are shown before the answer, and may still change", async () => {
  const opening = await opened();
  const { page } = opening;
  await page.evaluate(() => {
    globalThis.seen = [];
    new MutationObserver(() => {
      const stages = document.querySelector(".stages");
      const seen = `${stages?.className} ${document.querySelectorAll(".group").length}`;
      if (stages && globalThis.seen.at(-1) !== seen) globalThis.seen.push(seen);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await askWith(page, "film.jpg");
  await answered(page);
  const seen = await page.evaluate(() => globalThis.seen);
  const phases = seen.map((one) => one.split(" ")[1]);
  assert.deepEqual([...new Set(phases)], ["is-sent", "is-shortlist", "is-verified", "is-done"], seen.join());
  assert.ok(seen.some((one) => /is-shortlist [1-9]/.test(one)), "the first candidates are listed");
  await page.getByText("How long each step took").click();
  await page.getByRole("row", { name: /First candidates/ }).waitFor();
  await page.locator(".probability summary").first().click();
  assert.match(await page.locator(".probability[open] span").first().innerText(), /^\d{2,3}\.\d %$/);
  world.quiet(opening);
});

test("all scenes of a video lie on one time line and lead to their moments", async () => {
  const opening = await opened();
  const { page } = opening;
  await page.getByRole("heading", { level: 1 }).waitFor();
  await askWith(page, "elf.jpg");
  await answered(page);
  const group = page.locator(".results > .groups .group").first();
  const spans = group.locator("a.timeline-span");
  assert.equal(await spans.count(), await group.locator(".scene").count());
  const bar = await group.locator(".timeline-bar").boundingBox();
  for (const span of await spans.all()) {
    const box = await span.boundingBox();
    assert.ok(box.x >= bar.x - 1 && box.x + box.width <= bar.x + bar.width + 1);
  }
  await spans.first().focus();
  await page.keyboard.press("Enter");
  await page.locator(".screen").waitFor();
  world.quiet(opening);
});

test("the question is compared with the frame; marks fade and the question can be laid over", async () => {
  const opening = await opened({ width: 1280 });
  const { page } = opening;
  await askWith(page, "photograph.jpg");
  await answered(page);
  await page.getByRole("button", { name: "Compare" }).first().click();
  const compare = page.locator(".compare");
  await compare.getByText(/\d+ points agree/).waitFor();
  const marks = compare.locator(".marks");
  assert.equal(await marks.first().locator("circle").count(), await marks.last().locator("circle").count());
  assert.ok((await marks.first().locator("circle").count()) >= 10);
  for (const image of await compare.locator("img").all()) await image.evaluate((one) => one.decode());
  await page.evaluate(() => scrollTo(0, 0));
  await picturedForReadme(page);
  await compare.getByLabel("Marks").fill("20");
  await page.waitForFunction(() => getComputedStyle(document.querySelector(".marks")).opacity === "0.2");
  await compare.getByLabel("Question laid over").fill("60");
  await page.waitForFunction(() => document.querySelector(".laid-question")?.getBoundingClientRect().width > 0);
  const [laid, frame] = await Promise.all([
    compare.locator(".laid-question").boundingBox(),
    compare.locator(".compare-picture").last().boundingBox(),
  ]);
  assert.ok(laid.width > frame.width && laid.height > frame.height, `${JSON.stringify([laid, frame])}`);
  await world.fits(page, "the comparison");
  await world.accessible(page, "the comparison");
  await world.pictured(page, "compare-desk");
  world.quiet(opening);
});

test("results are saved in every format", async () => {
  const opening = await opened();
  const { page } = opening;
  await askWith(page, "film.jpg");
  await answered(page);
  await page.locator(".exports summary").click();
  const begins = {
    ...{ CSV: /^\uFEFF?[a-z_]+,/, JSON: /^\s*[[{]/, "EDL (CMX 3600)": /^TITLE/, "Final Cut XML": /^<\?xml/ },
    ...{ OpenTimelineIO: /^\s*{/, "Web Annotation": /^\s*{/, "Contact sheet (PNG)": /^.PNG/, "Contact sheet (PDF)": /^%PDF/ },
  };
  for (const [name, beginning] of Object.entries(begins)) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name, exact: true }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^cbvir\.[a-z]+$/);
    const content = readFileSync(await download.path(), "latin1").replace(/^\xef\xbb\xbf/, "");
    assert.match(content, beginning, name);
    if (!/sheet/.test(name)) assert.ok(content.includes("chaplin"), name);
  }
  await world.accessible(page, "the formats");
  world.quiet(opening);
});

test("why a result is likely only is said", async () => {
  const opening = await opened();
  const { page } = opening;
  await askWith(page, "film.jpg");
  await answered(page);
  const likely = page.locator(".scene", { has: page.locator(".verdict-likely") }).first();
  if (!(await likely.count())) return; // all that was found is certain
  await likely.getByRole("button", { name: "Compare" }).click();
  const why = likely.getByText("Why it is likely only:").locator("..");
  await why.waitFor();
  assert.ok((await why.innerText()).length > 40);
  world.quiet(opening);
});

for (const dark of [false, true]) {
  test(`every view fits a phone in German, ${dark ? "dark" : "light"}`, async () => {
    const opening = await opened({ width: 390, language: "de-DE", dark });
    const { page, origin } = opening;
    const views = [];
    const check = async (name) => {
      await world.fits(page, `${name} in German`);
      await world.accessible(page, `${name} in German, ${dark ? "dark" : "light"}`);
      await world.pictured(page, `${name}-german-${dark ? "dark" : "light"}`, { fullPage: true });
      views.push(name);
    };
    await askWith(page, "film.jpg");
    await answered(page);
    await page.getByRole("button", { name: "Vergleichen" }).first().click();
    await page.getByText(/Punkte stimmen überein/).waitFor();
    await check("answer");
    await page.locator(".scene-still").first().click();
    await page.locator(".keyframe-still").first().waitFor();
    await check("play");
    for (const part of ["library", "errors", "duplicates", "service"]) {
      await page.goto(`${origin}/#/${part}`);
      await page.locator({ library: ".video-title", errors: ".problem", duplicates: ".kinds" }[part] ?? ".disk-bar").first().waitFor();
      await check(part);
    }
    assert.equal(views.length, 6);
    world.quiet(opening);
  });
}

/** Writes the picture with which the README begins, where that is wished. */
async function picturedForReadme(page) {
  if (!process.env.CBVIR_README_PICTURE) return;
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.screenshot({ path: join(WORLD.docs, "page.png") });
}
