/** A list of 100,000 videos scrolls without freezing. */

import assert from "node:assert/strict";
import { control, opened, pictured, quiet, test } from "./world.mjs";

const COUNT = 100_000;
const WANTED_FRAMES_PER_S = 50;
/** What the test demands. This machine may be busy; the figure that is printed is what counts. */
const LOOSE_FRAMES_PER_S = 25;
const SCROLL_MS = 4000;

test("100,000 videos scroll smoothly, and any of them is reached", async () => {
  const entry = await control("many", { count: COUNT });
  const opening = await opened({ entry });
  const { page, origin } = opening;
  await page.goto(`${origin}/#/library`);
  await page.getByRole("status").filter({ hasText: "100,000 videos" }).waitFor({ timeout: 60_000 });
  await page.locator(".video-title").first().waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" }); // the time of the processor, not of the clock
  const started = (await session.send("Performance.getMetrics")).metrics;
  const before = started.find(({ name }) => name === "TaskDuration").value;
  const frames = [];
  session.on("Tracing.dataCollected", ({ value }) => frames.push(...value.filter(({ name }) => name === "DrawFrame")));
  await session.send("Tracing.start", {
    traceConfig: { includedCategories: ["disabled-by-default-devtools.timeline.frame", "devtools.timeline.frame"] },
    transferMode: "ReportEvents",
  });
  const ticks = await page.evaluate(async (length) => {
    const list = document.querySelector(".virtual-list");
    const times = [];
    const began = performance.now();
    for (let now = began; now - began < length; ) {
      now = await new Promise(requestAnimationFrame);
      times.push(now);
      list.scrollTop += 90; // 5,400 pixels a second
    }
    return times;
  }, SCROLL_MS);
  const ended = new Promise((done) => session.once("Tracing.tracingComplete", done));
  await session.send("Tracing.end");
  await ended;
  const { metrics } = await session.send("Performance.getMetrics");
  const busy = metrics.find(({ name }) => name === "TaskDuration").value - before;
  const seconds = (ticks.at(-1) - ticks[0]) / 1000;
  const gaps = ticks.slice(1).map((time, place) => time - ticks[place]).sort((one, other) => one - other);
  const traced = frames.length / seconds;
  const scripted = (ticks.length - 1) / seconds;
  console.log(
    `100,000 videos: ${traced.toFixed(0)} frames drawn a second (traced), ${scripted.toFixed(0)} by requestAnimationFrame, ` +
      `${((1000 * busy) / ticks.length).toFixed(1)} ms of the page's thread for each, ` +
      `99 of 100 gaps below ${gaps[Math.floor(gaps.length * 0.99)].toFixed(0)} ms; wanted: ${WANTED_FRAMES_PER_S}`,
  );
  assert.ok(Math.min(traced, scripted) > LOOSE_FRAMES_PER_S, `${traced} and ${scripted} frames a second`);
  assert.ok((await page.locator(".virtual-item").count()) < 80, "rows out of sight are not drawn");
  await page.getByRole("listbox").press("End");
  await page.getByText("film 099999.mp4").waitFor();
  await page.getByRole("searchbox").fill("film 054321");
  await page.getByText("film 054321.mp4").waitFor();
  await page.getByRole("status").filter({ hasText: /^1 video$/ }).waitFor();
  await pictured(page, "many-desk");
  quiet(opening);
});
