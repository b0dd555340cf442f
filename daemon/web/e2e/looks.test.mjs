/** Pictures of every view for people to look at: run with CBVIR_SCREENSHOTS=FOLDER and NAMES=looks. */

import { answered, askWith, opened, pictured, test, WIDTHS } from "./world.mjs";

const wanted = (process.env.LOOKS ?? "").split(",");

for (const [device, width] of Object.entries(WIDTHS)) {
  test(`looks at ${width} px`, { skip: !process.env.CBVIR_SCREENSHOTS }, async () => {
    const { page, log, origin } = await opened({ width, dark: process.env.DARK === "1" });
    const shot = (name) => pictured(page, `${name}-${device}`, { fullPage: name !== "library" });
    await askWith(page, process.env.QUESTION ?? "film.jpg");
    await answered(page);
    await page.waitForTimeout(700);
    await shot("answer");
    if (wanted.includes("compare")) {
      await page.getByRole("button", { name: "Compare" }).first().click();
      await page.waitForTimeout(1500);
      await shot("compare");
    }
    await page.locator(".scene-still").first().click();
    await page.waitForTimeout(2500);
    await shot("play");
    for (const part of ["library", "errors", "duplicates", "service"]) {
      await page.goto(`${origin}/#/${part}`);
      await page.waitForTimeout(1200);
      await shot(part);
    }
    console.log(log.complaints.join("\n"));
  });
}
