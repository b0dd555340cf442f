/** Manners: keyboard alone, a restart of the service, strangers refused, names that are no markup. */

import assert from "node:assert/strict";
import { request } from "node:http";
import * as world from "./world.mjs";
import { answered, askWith, control, foundVideos, opened, questionFile, test, WORLD } from "./world.mjs";

test("everything from the question to the frame is done by keyboard", async () => {
  const opening = await opened();
  const { page } = opening;
  await page.locator("#main input[type=file]").first().waitFor({ state: "attached" });
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.type), "file", "what opens the chooser");
  const choosing = page.waitForEvent("filechooser");
  await page.waitForTimeout(300); // Chromium is told meanwhile that the test takes the chooser
  await page.keyboard.press("Enter");
  const chooser = await choosing;
  await chooser.setFiles(questionFile("film.jpg"));
  await answered(page);
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    const label = await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? "");
    if (label.startsWith("Play moviepy")) break;
  }
  await page.keyboard.press("Enter");
  await page.locator(".screen").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "main", "the focus goes to the new view");
  await page.keyboard.press(".");
  world.quiet(opening);
});

test("after a restart of the service everything goes on without reloading", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await page.evaluate(() => (globalThis.marker = "the same page"));
  await page.goto(`${origin}/#/library`);
  await page.locator(".video-title").first().waitFor();
  await control("stop");
  await page.getByText("The service does not answer").waitFor();
  await world.accessible(page, "a page without its service");
  await world.pictured(page, "away-desk");
  await control("start");
  await page.getByText("All videos are read").waitFor();
  await page.locator(".video-title").first().waitFor();
  await page.getByRole("link", { name: "Ask" }).click();
  await askWith(page, "film.jpg");
  await answered(page);
  assert.equal((await foundVideos(page))[0], WORLD.asked.name);
  assert.equal(await page.evaluate(() => globalThis.marker), "the same page");
  assert.ok(!(await page.getByText("not signed in any more").isVisible()));
});

test("a browser that has lost its session says how to come in again", async () => {
  const { page, context, origin } = await opened();
  await context.clearCookies();
  await askWith(page, "film.jpg");
  await page.getByRole("heading", { name: "not signed in any more" }).waitFor();
  await world.accessible(page, "a lost session");
  const entry = await control("entry");
  const other = await context.newPage();
  await other.goto(entry);
  await other.close();
  await page.getByRole("button", { name: "Try again" }).click();
  await answered(page);
  assert.ok(page.url().startsWith(origin));
});

test("the password lets in again, a wrong one does not", async () => {
  const { page, context } = await opened();
  await context.clearCookies();
  await askWith(page, "film.jpg");
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "That is not the password." }).waitFor();
  await world.accessible(page, "a wrong password");
  await page.getByLabel("Password").fill(WORLD.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "not signed in any more" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Try again" }).click();
  await answered(page);
});

test("a name is text, in every view", async () => {
  const opening = await opened();
  const { page, origin } = opening;
  await page.goto(`${origin}/#/library?name=${encodeURIComponent("<img")}`);
  const row = page.locator(".virtual-item", { hasText: WORLD.harmful });
  await row.waitFor();
  await row.click();
  await page.getByRole("heading", { level: 1, name: WORLD.harmful }).waitFor();
  await page.evaluate(async () => {
    const { videos } = await (await fetch("/v1/videos?limit=1&name=onerror")).json();
    const frame = await (await fetch(`/v1/videos/${videos[0].video_id}/frame.jpg?t=2`)).blob();
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([frame], "<b onclick=alert(2)>.jpg", { type: "image/jpeg" }));
    dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
  });
  await answered(page);
  assert.equal((await foundVideos(page))[0], WORLD.harmful);
  assert.equal(await page.locator("img[src=x], b").count(), 0);
  world.quiet(opening);
});

/** A request that no browser would send so. */
function bare(origin, { path = "/", method = "GET", headers = {} }) {
  return new Promise((resolve, reject) => {
    const asked = request(`${origin}${path}`, { method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part) => (body += part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.on("error", reject).end();
  });
}

test("strangers are refused: no session, wrong token, foreign host, other origin", async () => {
  const { context, origin } = await opened();
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const [stored] = await context.cookies();
  assert.deepEqual([stored.httpOnly, stored.sameSite], [true, "Strict"]);
  assert.equal((await bare(origin, { path: "/v1/status" })).status, 401);
  assert.equal((await bare(origin, { path: "/v1/status", headers: { cookie } })).status, 200);
  const wrong = await bare(origin, { path: "/?token=0123456789abcdef" });
  assert.ok(wrong.status >= 400 && !wrong.headers["set-cookie"], `${wrong.status}`);
  assert.equal((await bare(origin, { path: "/v1/status", headers: { cookie, host: "evil.example" } })).status, 403);
  for (const foreign of ["http://evil.example", "null", origin.replace(/:\d+$/, ":1")]) {
    const post = { path: "/v1/rescan", method: "POST", headers: { cookie, origin: foreign } };
    assert.equal((await bare(origin, post)).status, 403, foreign);
  }
  for (const path of ["/../etc/passwd", "/assets/../../config.toml", "/assets/%2e%2e/%2e%2e/etc/passwd"]) {
    const { status } = await bare(origin, { path, headers: { cookie } });
    assert.ok(status >= 400, `${path}: ${status}`);
  }
});

test("another page can neither use nor frame this one", async () => {
  const { page, context, origin } = await opened();
  const foreign = await context.newPage();
  await foreign.route("http://evil.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<p>evil" }));
  await foreign.goto("http://evil.example/");
  const results = await foreign.evaluate(async (target) => {
    const tried = [];
    for (const options of [{ mode: "cors" }, { mode: "no-cors" }, { mode: "no-cors", method: "POST" }]) {
      try {
        const response = await fetch(`${target}/v1/status`, { ...options, credentials: "include" });
        tried.push(`${response.type} ${(await response.text()).length}`);
      } catch {
        tried.push("refused");
      }
    }
    return tried;
  }, origin);
  assert.deepEqual(results.filter((one) => !/^refused$|^opaque 0$/.test(one)), []);
  const policy = (await page.goto(`${origin}/`)).headers()["content-security-policy"];
  assert.match(policy, /frame-ancestors 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.doesNotMatch(policy, /unsafe/);
});
