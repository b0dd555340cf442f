import { describe, expect, test } from "vitest";
import { FrameClock, USUAL_FRAME_S } from "../src/play/frames";
import { after, clipAround, holds, originalOf } from "../src/play/source";

describe("steps by a frame", () => {
  test("use what the file says, or what was seen, or 25 frames a second", () => {
    expect(new FrameClock(1 / 30).frame_s).toBeCloseTo(1 / 30);
    const clock = new FrameClock();
    expect(clock.frame_s).toBe(USUAL_FRAME_S);
    for (const time of [1, 1.02, 1.04, 5, 5.02]) clock.note(time);
    expect(clock.frame_s).toBeCloseTo(0.02);
  });

  test("go to every frame, one after the other, forwards and backwards", () => {
    const rate = 30_000 / 1001;
    const clock = new FrameClock(1 / rate);
    const shownAt = (time: number): number => Math.floor(time * rate + 1e-6);
    let time = 0;
    clock.note(0);
    for (let frame = 1; frame < 200; frame++) {
      time = clock.stepped(time, 1);
      expect(shownAt(time)).toBe(frame);
      clock.note(frame / rate);
    }
    for (let frame = 198; frame >= 0; frame--) {
      time = clock.stepped(time, -1);
      expect(shownAt(time)).toBe(frame);
      clock.note(frame / rate);
    }
  });
});

describe("a film that the browser cannot play", () => {
  test("is played as a clip around the moment, inside the film", () => {
    expect(clipAround("v", 3, 12)).toMatchObject({ kind: "clip", start_s: 0, end_s: 12 });
    expect(clipAround("v", 100, 0)).toMatchObject({ start_s: 97, end_s: 112 });
  });

  test("shows stills where a clip cannot be had either", () => {
    const clip = after(originalOf("v"), "v", 50, 90);
    expect(clip.kind).toBe("clip");
    expect(after(clip, "v", 50, 90)).toEqual({ kind: "stills" });
  });

  test("needs another clip for a moment outside", () => {
    const clip = clipAround("v", 50, 90);
    expect(holds(clip, 50)).toBe(true);
    expect(holds(clip, 80)).toBe(false);
    expect(holds(originalOf("v"), 80)).toBe(true);
    expect(holds({ kind: "stills" }, 50)).toBe(false);
  });
});
