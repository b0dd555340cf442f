/** Ask: every way in, and where the picture appears. */

import assert from "node:assert/strict";
import * as world from "./world.mjs";
import { answered, askWith, foundVideos, opened, questionFile, test, WIDTHS, WORLD } from "./world.mjs";

for (const [device, width] of Object.entries(WIDTHS)) {
  test(`a frame is found in its video at its time, at ${width} px`, async () => {
    const opening = await opened({ width });
    const { page } = opening;
    await askWith(page, "film.jpg");
    await answered(page);
    await world.pictured(page, `answer-${device}`);
    const first = page.locator(".group").first();
    assert.equal((await foundVideos(page))[0], WORLD.asked.name);
    assert.equal(await first.locator(".verdict").first().innerText(), "Match");
    const shown = await first.locator(".scene-time").first().innerText();
    assert.ok(Math.abs(Number(shown.split(":")[1]) - WORLD.asked.time_s) < 0.5, shown);
    await world.fits(page, "the answer");
    await world.accessible(page, "an answer");
    world.quiet(opening);
  });
}

test("PNG, AVIF and HEIC are found too, and shown as the question", async () => {
  const opening = await opened();
  const { page } = opening;
  for (const name of ["film.png", "film.avif", "film.heic"]) {
    await page.goto(`${opening.origin}/#/`);
    await page.reload();
    await askWith(page, name);
    await answered(page);
    assert.equal((await foundVideos(page))[0], WORLD.asked.name, name);
    await page.locator(".boxed img").waitFor();
  }
  world.quiet(opening);
});

test("a picture can be dropped and pasted", async () => {
  const opening = await opened();
  const { page } = opening;
  const transfer = await world.transferOf(page, questionFile("film.jpg"));
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.getByText("Let go to ask with it").waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await answered(page);
  assert.equal((await foundVideos(page))[0], WORLD.asked.name);
  await page.reload();
  const pasted = await world.transferOf(page, questionFile("elf.jpg"));
  await page.evaluate((clipboardData) => dispatchEvent(new ClipboardEvent("paste", { clipboardData })), pasted);
  await answered(page);
  assert.equal((await foundVideos(page))[0], "learning-area--elf.mp4");
  world.quiet(opening);
});

test("a box that is drawn is what is searched, by pointer and by keyboard", async () => {
  const opening = await opened();
  const { page, log } = opening;
  await askWith(page, "page.jpg");
  await answered(page);
  const box = await page.locator(".boxed").boundingBox();
  const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(0.25, 0.25));
  await page.mouse.down();
  await page.mouse.move(...at(0.75, 0.75), { steps: 4 });
  await page.mouse.up();
  await page.waitForResponse((response) => response.url().includes("region="));
  await answered(page);
  assert.equal((await foundVideos(page))[0], WORLD.asked.name);
  const asked = new URL(log.requests.findLast((url) => url.includes("region="))).searchParams.get("region");
  const [x, y, width, height] = asked.split(",").map(Number);
  const size = await page.locator(".boxed img").evaluate((image) => [image.naturalWidth, image.naturalHeight]);
  for (const [value, share] of [[x / size[0], 0.25], [y / size[1], 0.25], [width / size[0], 0.5], [height / size[1], 0.5]]) {
    assert.ok(Math.abs(value - share) < 0.03, asked);
  }
  await page.locator(".boxed").press("Delete");
  await page.waitForResponse((response) => /query$/.test(response.url()));
  await page.locator(".boxed").press("Enter");
  await page.locator(".boxed").press("Shift+ArrowRight");
  await page.waitForResponse((response) => response.url().includes("region="));
  await answered(page);
  world.quiet(opening);
});

test("several pictures are asked each for itself, or in their order in one video", async () => {
  const opening = await opened();
  const { page } = opening;
  await askWith(page, "film.jpg", "later.jpg", "elf.jpg");
  await answered(page);
  assert.equal((await foundVideos(page))[0], WORLD.asked.name);
  await page.getByRole("button", { name: "Show the answer to elf.jpg" }).click();
  await answered(page);
  assert.equal((await foundVideos(page))[0], "learning-area--elf.mp4");
  await page.getByRole("button", { name: "Remove elf.jpg" }).click();
  await page.getByLabel("In this order in one video").check();
  await answered(page);
  assert.equal((await foundVideos(page))[0], WORLD.asked.name);
  assert.equal(await page.locator(".ordered").first().locator(".scene-still").count(), 2);
  await world.accessible(page, "an answer to pictures in order");
  await world.pictured(page, "ordered-desk");
  world.quiet(opening);
});

test("a search can be limited to a folder, and the limit taken away", async () => {
  await world.control("drop", { source: `${WORLD.videos}/${WORLD.asked.name}`, name: "reels/copy of a part.mp4" });
  const opening = await opened();
  const { page, log } = opening;
  await page.getByRole("button", { name: "Limit to a folder" }).click();
  const tree = page.getByRole("tree");
  await tree.getByRole("treeitem").first().press("ArrowRight");
  await tree.getByRole("treeitem", { name: "reels" }).click();
  await world.accessible(page, "the choice of a folder");
  await page.getByRole("button", { name: "Search here" }).click();
  await askWith(page, "elf.jpg");
  await answered(page);
  assert.ok(log.requests.some((url) => url.includes("/v1/query?in=")));
  assert.ok(!(await foundVideos(page)).includes("learning-area--elf.mp4"));
  await page.getByRole("button", { name: /Do not limit to/ }).click();
  await page.locator(".group h2", { hasText: "learning-area--elf.mp4" }).first().waitFor();
  world.quiet(opening);
});

test("a picture of the results is the next question", async () => {
  const opening = await opened();
  const { page } = opening;
  await askWith(page, "film.jpg");
  await answered(page);
  await page.getByRole("button", { name: "Ask with this" }).first().click();
  await page.locator(".boxed img[alt*='0:0']").waitFor();
  await answered(page);
  assert.equal((await foundVideos(page))[0], WORLD.asked.name);
  world.quiet(opening);
});

test("a video file is a question", async () => {
  const opening = await opened();
  const { page } = opening;
  await askWith(page, "clip.mp4");
  await answered(page);
  assert.equal((await foundVideos(page))[0], "learning-area--elf.mp4");
  assert.equal(await page.locator(".group").first().locator(".timeline").count(), 2);
  await world.accessible(page, "an answer to a clip");
  await world.pictured(page, "clip-desk");
  world.quiet(opening);
});

test("nothing found is said, and what is no picture is named", async () => {
  const opening = await opened();
  const { page } = opening;
  await askWith(page, "noise.png");
  await answered(page);
  await page.getByRole("heading", { name: "Not found" }).waitFor();
  await world.accessible(page, "an answer without results");
  await page.reload();
  await askWith(page, "no picture.jpg");
  await page.getByRole("alert").filter({ hasText: /picture/i }).waitFor();
  assert.ok(opening.log.complaints.every((text) => /status of 4\d\d/.test(text)), opening.log.complaints.join());
});
