/** Ask, and see where the picture appears. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, answered, askWith, fits, opened, pictured, quiet, WIDTHS, WORLD } from "./world.mjs";

for (const [device, width] of Object.entries(WIDTHS)) {
  test(`a frame is found in its video, at ${width} px`, async () => {
    const world = await opened({ width });
    const { page } = world;
    await askWith(page, "frog.jpg");
    await answered(page);
    await pictured(page, `answer-${device}`);
    const first = page.locator(".group").first();
    assert.equal(await first.getByRole("heading", { level: 2 }).innerText(), WORLD.asked.name);
    assert.equal(await first.locator(".verdict").first().innerText(), "Match");
    const shown = await first.locator(".scene-time").first().innerText();
    assert.ok(Math.abs(Number(shown.split(":")[1]) - WORLD.asked.time_s) < 0.5, shown);
    await fits(page, "the answer");
    await accessible(page, "an answer");
    quiet(world);
  });
}
