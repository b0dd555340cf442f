import { describe, expect, test } from "vitest";
import { EventParser, readEvents } from "../src/api/sse";

const STREAM = ': hello\n\nid: 7\nevent: video\ndata: {"a":\ndata: 1}\n\ndata: plain\r\n\r\nevent: cut\ndata: x';

describe("server-sent events", () => {
  test("are complete at an empty line; comments and an unfinished event are none", () => {
    expect(new EventParser().push(STREAM)).toEqual([
      { event: "video", data: '{"a":\n1}', id: "7" },
      { event: "message", data: "plain", id: "7" },
    ]);
  });

  test("are the same however the text is cut", () => {
    const whole = new EventParser().push(STREAM);
    for (let size = 1; size < STREAM.length; size++) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < STREAM.length; at += size) found.push(...parser.push(STREAM.slice(at, at + size)));
      expect(found, `pieces of ${size}`).toEqual(whole);
    }
  });

  test("are read from a response, with letters that are cut in two", async () => {
    const bytes = new TextEncoder().encode("data: Straße\n\ndata: 影\n\n");
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const found = [];
    for await (const event of readEvents(new Response(body))) found.push(event.data);
    expect(found).toEqual(["Straße", "影"]);
  });
});
