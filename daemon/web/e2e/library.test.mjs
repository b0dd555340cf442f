/** The library: its videos, live, by folder and name; what went wrong; duplicates; the service. */

import assert from "node:assert/strict";
import * as world from "./world.mjs";
import { control, opened, questionFile, test, WIDTHS, WORLD } from "./world.mjs";

const rows = (page) => page.locator(".virtual-item .video-title");

async function library(page, origin, part = "library") {
  await page.goto(`${origin}/#/${part}`);
  await page.getByRole("heading", { level: 1, name: "Library" }).waitFor();
}

for (const [device, width] of Object.entries(WIDTHS)) {
  test(`every part of the library, at ${width} px`, async () => {
    const opening = await opened({ width });
    const { page, origin } = opening;
    for (const part of ["library", "errors", "duplicates", "service"]) {
      await library(page, origin, part);
      await page.locator(part === "library" ? ".video-title" : ".problem, .comparison, .card").first().waitFor();
      await page.waitForTimeout(300); // for the stills; the network is never idle, for events do not end
      await world.fits(page, part);
      await world.accessible(page, `the library: ${part}`);
      await world.pictured(page, `${part}-${device}`);
    }
    world.quiet(opening);
    await opening.context.close();
  });
}

test("videos are found by name, state and folder, and opened by keyboard", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await library(page, origin);
  await rows(page).first().waitFor();
  const all = await page.locator(".virtual-item").count();
  await page.getByRole("searchbox").fill("chaplin");
  await page.waitForFunction(() => document.querySelectorAll(".virtual-item").length === 1);
  assert.deepEqual(await rows(page).allInnerTexts(), [WORLD.asked.name]);
  await page.getByRole("searchbox").fill("");
  await page.waitForFunction((count) => document.querySelectorAll(".virtual-item").length === count, all);
  await page.getByLabel("State").selectOption("partial");
  await page.waitForFunction(() => document.querySelectorAll(".virtual-item").length === 1);
  assert.match(await page.locator(".virtual-item").innerText(), /Partly indexed/);
  await page.getByLabel("State").selectOption("");
  await page.getByLabel("Order").selectOption("-duration_s");
  await page.waitForFunction((count) => document.querySelectorAll(".virtual-item").length === count, all);
  const list = page.getByRole("listbox");
  await list.focus();
  for (const key of ["End", "Home", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.locator(".play").waitFor();
  await page.goBack();
  await list.waitFor();
  world.quiet(opening);
});

test("a file that arrives is listed, read and shown without reloading", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await library(page, origin);
  await rows(page).first().waitFor();
  await control("drop", { source: `${WORLD.shared}/sample-videos--book.mkv`, name: "arrived.mkv" });
  const row = page.locator(".virtual-item", { hasText: "arrived.mkv" });
  await row.waitFor();
  await row.filter({ hasText: "Indexed" }).waitFor({ timeout: 60_000 });
  await page.getByRole("status").filter({ hasText: "All videos are read" }).waitFor();
  world.quiet(opening);
});

test("an error has its reason, and can be tried again", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await control("drop", { source: questionFile("no picture.jpg"), name: "no film.mp4" });
  await library(page, origin, "errors");
  const problem = page.locator(".problem", { hasText: "no film.mp4" });
  await problem.waitFor();
  assert.match(await problem.innerText(), /tried once/);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().includes("/v1/retry?video=")),
    problem.getByRole("button").click(),
  ]);
  assert.deepEqual(await answer.json(), { count: 1 });
  await control("delete", { name: "no film.mp4" });
  world.quiet(opening);
});

test("a video that is dropped on the library is uploaded, read and found", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await library(page, origin);
  await page.getByText("they go into uploads").waitFor();
  const transfer = await world.transferOf(page, `${WORLD.shared}/auto-editor--testsrc_with_attachment.mkv`);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.getByText("Arrived; it is read next").waitFor();
  await page.locator(".virtual-item", { hasText: "testsrc_with_attachment" }).waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.locator(".upload").nth(1).filter({ hasText: /exists|already|there/ }).waitFor();
  await world.accessible(page, "uploads");
  world.quiet({ ...opening, log: { ...opening.log, complaints: [] } }); // the second one is refused
});

test("duplicates are looked for, and shown with their stills", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await library(page, origin, "duplicates");
  await page.getByRole("button", { name: "Compare all videos" }).click();
  await page.locator(".duplicate-groups .group, .nothing").first().waitFor();
  await page.getByRole("button", { name: "Compare all videos" }).waitFor({ timeout: 60_000 });
  const group = page.locator(".duplicate-groups .group").filter({ hasText: "learning-area--rabbit320.mp4" });
  await group.getByText("learning-area--rabbit.webm").waitFor();
  for (const still of await group.locator(".pair img").all()) await still.evaluate((image) => image.decode());
  await world.accessible(page, "duplicates");
  await world.pictured(page, "duplicates-found-desk", { fullPage: true });
  world.quiet(opening);
});

test("the service tells of its folders, disk, models and calibration", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await library(page, origin, "service");
  for (const name of ["Watched folders", "The service now", "Disk", "Models", "Calibration"]) {
    await page.getByRole("heading", { name }).waitFor();
  }
  await page.getByText("builtin").waitFor();
  await page.getByText(/in use ·/).waitFor();
  world.quiet(opening);
});
