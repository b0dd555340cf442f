import { describe, expect, test } from "vitest";
import { fileName, folderOf } from "../src/model/paths";
import { hashOf, parseRoute, VIEWS } from "../src/model/route";

describe("an address", () => {
  test("names a view, a video and a time", () => {
    expect(parseRoute("#/video/5f3a?t=12.48")).toEqual({ view: "video", id: "5f3a", query: { t: "12.48" } });
  });

  test.each(["", "#", "#/", "#/nothing", "#/<script>"])("%j is the first view", (hash) => {
    expect(parseRoute(hash)).toMatchObject({ view: "ask", id: "" });
  });

  test("that is cut in a letter is read all the same", () => {
    expect(parseRoute("#/video/%E5%9")).toMatchObject({ view: "video", id: "%E5%9" });
  });

  test("comes back as it was", () => {
    for (const view of VIEWS) {
      const id = view === "video" ? "a/b ?#%" : "";
      const query = { name: "Straße & 影?", t: "1.5" };
      expect(parseRoute(hashOf(view, id, query))).toEqual({ view, id, query });
    }
  });

  test("leaves out what has no value", () => expect(hashOf("library", "", { name: "", under: null })).toBe("#/library"));
});

test("a path is a name and a folder, seen from the watched folder", () => {
  expect(fileName("/media/films/a.mp4")).toBe("a.mp4");
  expect(folderOf("/media/films/old/a.mp4", ["/media/films"])).toBe("films/old");
  expect(folderOf("/media/films/a.mp4", ["/media/films"])).toBe("films");
  expect(folderOf("/media/filmset/a.mp4", ["/media/films"])).toBe("/media/filmset");
});
