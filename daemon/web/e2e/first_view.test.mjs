/** The first view: small, quick, at home, and readable at every width. */

import assert from "node:assert/strict";
import { accessible, control, fits, opened, pictured, quiet, test, WIDTHS } from "./world.mjs";

const MAX_BYTES = 250_000;
const MAX_READY_MS = 1000;

test("the first view is small, and ready at once", async () => {
  const world = await opened();
  const { page } = world;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.reload({ waitUntil: "load" });
  await page.getByRole("heading", { level: 1 }).waitFor();
  const ready = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domInteractive);
  const drawn = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  console.log(`first view: ${bytes} bytes, interactive after ${Math.round(Math.max(ready, drawn))} ms`);
  assert.ok(bytes > 10_000 && bytes < MAX_BYTES, `${bytes} bytes`);
  assert.ok(Math.max(ready, drawn) < MAX_READY_MS, `${ready} ms, ${drawn} ms`);
  quiet(world);
});

for (const [device, width] of Object.entries(WIDTHS)) {
  test(`the first view at ${width} px, light and dark`, async () => {
    for (const dark of [false, true]) {
      const world = await opened({ width, dark });
      await world.page.getByRole("heading", { level: 1 }).waitFor();
      await fits(world.page, "the first view");
      await accessible(world.page, `the first view, ${dark ? "dark" : "light"}`);
      await pictured(world.page, `ask-${device}-${dark ? "dark" : "light"}`);
      quiet(world);
      await world.context.close();
    }
  });
}

test("German is there for those who read it, and stays chosen", async () => {
  const world = await opened({ language: "de-DE" });
  const { page } = world;
  await page.getByRole("heading", { name: "In welchem Video" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  await page.getByLabel("Sprache").selectOption("en");
  await page.getByRole("heading", { name: "In which video" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "In which video" }).waitFor();
  quiet(world);
});

test("the token of the address works once, and is gone from it", async () => {
  const entry = await control("entry");
  const { page, context } = await opened({ entry });
  assert.ok(!page.url().includes("token"), page.url());
  await context.clearCookies();
  const again = await page.goto(entry);
  assert.notEqual(again.status(), 200);
});
