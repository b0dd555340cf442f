/** Play: the film at the moment, frame by frame, whatever the browser can play. */

import assert from "node:assert/strict";
import * as world from "./world.mjs";
import { answered, askWith, opened, test, WIDTHS, WORLD } from "./world.mjs";

/** Opens a video of the library by its name. */
async function play(page, origin, name, time_s = 0) {
  const { videos } = await page.evaluate(async () => (await fetch("/v1/videos?limit=100")).json());
  const video = videos.find((one) => one.path.endsWith(`/${name}`));
  await page.goto(`${origin}/#/video/${video.video_id}?t=${time_s}`);
  await page.getByRole("heading", { level: 1, name }).waitFor();
  return video;
}

/** Where the player stands once it has come to rest. */
async function restsAt(page, time_s, tolerance_s = 0.02) {
  await page.waitForFunction(
    ([wanted, tolerance]) => {
      const film = document.querySelector(".screen video");
      return film && !film.seeking && film.readyState >= 2 && Math.abs(film.currentTime - wanted) <= tolerance;
    },
    [time_s, tolerance_s],
  );
}

const position = (page) => page.locator(".screen video").evaluate((film) => film.currentTime);

for (const [device, width] of Object.entries(WIDTHS)) {
  test(`the film of a result plays at its moment, at ${width} px`, async () => {
    const opening = await opened({ width });
    const { page, log } = opening;
    await askWith(page, "film.jpg");
    await answered(page);
    const time = await page.locator(".scene-time").first().innerText();
    await page.locator(".scene-still").first().click();
    await restsAt(page, Number(time.split(":")[1]), 0.05);
    assert.ok(log.requests.some((url) => url.endsWith("/media")), "the original is played");
    await page.locator(".strip img").evaluate((image) => image.decode());
    await world.fits(page, "the player");
    await world.accessible(page, "the player");
    await world.pictured(page, `play-${device}`);
    await page.getByRole("link", { name: "Back to the results" }).click();
    await page.locator(".group").first().waitFor();
    world.quiet(opening);
    await opening.context.close();
  });
}

test("keys step by one frame, and play and pause", async () => {
  const opening = await opened();
  const { page } = opening;
  await play(page, opening.origin, WORLD.asked.name, 3);
  await restsAt(page, 3, 0.05);
  const shown = [];
  const note = async () => shown.push(await page.locator(".moment-time").innerText());
  for (const key of [".", ".", ".", ",", ",", ","]) {
    const before = await position(page);
    await page.keyboard.press(key);
    await page.waitForFunction((was) => {
      const film = document.querySelector(".screen video");
      return !film.seeking && film.currentTime !== was;
    }, before);
    await note();
  }
  assert.equal(shown[1], shown[3], `the same frame forwards and backwards: ${shown}`);
  assert.equal(shown[0], shown[4]);
  assert.equal(new Set(shown.slice(0, 3)).size, 3);
  await page.keyboard.press("k");
  await page.waitForFunction(() => !document.querySelector(".screen video").paused);
  await page.waitForFunction(() => document.querySelector(".screen video").currentTime > 3.5);
  await page.keyboard.press("k");
  await page.waitForFunction(() => document.querySelector(".screen video").paused);
  world.quiet(opening);
});

for (const name of ["mmaction2--test.avi", "auto-editor--testsrc-hevc.mp4"]) {
  test(`a clip is made of what the browser cannot play: ${name}`, async () => {
    const opening = await opened();
    const { page, log } = opening;
    await play(page, opening.origin, name, 1);
    await page.getByText("The browser cannot play the original").waitFor();
    await page.waitForFunction(() => document.querySelector(".screen video")?.videoWidth > 0);
    assert.ok(log.requests.some((url) => url.includes("/clip.mp4?")));
    await page.keyboard.press("k");
    await page.waitForFunction(() => document.querySelector(".screen video").currentTime > 1.2);
    world.quiet({ ...opening, log: { ...log, complaints: [] } }); // that the original does not play is one
  });
}

test("the strip, the scenes and the bar go to their moments", async () => {
  const opening = await opened();
  const { page } = opening;
  await play(page, opening.origin, WORLD.asked.name, 3);
  const still = page.locator(".strip-stills button").last();
  await still.click();
  const [minutes, seconds] = (await still.getAttribute("aria-label")).replace("Go to ", "").split(":");
  await restsAt(page, Number(minutes) * 60 + Number(seconds), 0.1);
  await page.locator(".keyframe-still").first().click();
  await page.locator(".keyframe.is-now").waitFor();
  await page.getByLabel("Position in the video").fill("6");
  await restsAt(page, 6, 0.05);
  await page.waitForFunction(() => location.hash.includes("t=6.00"));
  world.quiet(opening);
});

test("link, time code and the command of mpv are copied", async () => {
  const opening = await opened({ permissions: ["clipboard-read", "clipboard-write"] });
  const { page } = opening;
  const video = await play(page, opening.origin, WORLD.asked.name, 5);
  await restsAt(page, 5, 0.05);
  const copied = async (name) => {
    await page.getByRole("button", { name }).click();
    await page.getByText("Copied").first().waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  assert.match(await copied("Link to this moment"), new RegExp(`^${opening.origin}/#/video/${video.video_id}\\?t=5\\.\\d\\d$`));
  assert.match(await copied("Time code"), /^00:00:05\.\d{3}$/);
  assert.match(await copied("Command for mpv"), /^mpv --start=5\.\d{3} -- \/.*moviepy--chaplin\.mp4$/);
  world.quiet(opening);
});

test("an offline film shows stills, and plays again when it is back", async () => {
  const name = "learning-area--rabbit.webm";
  const opening = await opened();
  const { page } = opening;
  await play(page, opening.origin, name, 2);
  await restsAt(page, 2, 0.05);
  await world.control("hide");
  await page.getByText("The file is offline").waitFor();
  await page.locator(".screen img").evaluate((image) => image.decode());
  await page.locator(".strip img").evaluate((image) => image.decode());
  await world.accessible(page, "an offline film");
  await world.pictured(page, "offline-desk");
  await world.control("show");
  await page.locator(".screen video").waitFor();
  world.quiet({ ...opening, log: { ...opening.log, complaints: [] } }); // while the file goes
});

test("where else a scene appears is shown below the scenes", async () => {
  const opening = await opened();
  const { page } = opening;
  await play(page, opening.origin, "learning-area--rabbit.webm", 3);
  await page.getByRole("button", { name: /Where else/ }).nth(1).click();
  await page.locator(".elsewhere > .groups .group", { hasText: "learning-area--rabbit320.mp4" }).waitFor();
  await world.accessible(page, "where else a scene appears");
  world.quiet(opening);
});
