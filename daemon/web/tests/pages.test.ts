import { describe, expect, test, vi } from "vitest";
import { Pages, type ReadPage } from "../src/model/pages";

const numbers = (count: number): ReadPage<number> => {
  return async (offset, limit) => {
    const rows = Array.from({ length: Math.max(0, Math.min(limit, count - offset)) }, (_, place) => offset + place);
    return { rows, total: count };
  };
};

const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

describe("a list that is read by pages", () => {
  test("has the rows of the pages that were wanted, and the number of all", async () => {
    const changed = vi.fn();
    const pages = new Pages(10, 5, numbers(95), changed);
    pages.want([0, 9]);
    expect(pages.row(3)).toBeUndefined();
    await settled();
    expect([pages.row(3), pages.row(94), pages.row(95), pages.row(45)]).toEqual([3, 94, undefined, undefined]);
    expect(pages.total).toBe(95);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  test("reads a page once, and again after a refresh, with the old rows until then", async () => {
    const read = vi.fn(numbers(30));
    const pages = new Pages(10, 5, read, () => undefined);
    pages.want([0]);
    pages.want([0]);
    await settled();
    pages.want([0]);
    expect(read).toHaveBeenCalledTimes(1);
    pages.refresh();
    pages.want([0]);
    expect(pages.row(0)).toBe(0);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test("forgets what was not looked at for longest", async () => {
    const pages = new Pages(10, 2, numbers(100), () => undefined);
    for (const page of [0, 1, 0, 2]) {
      pages.want([page]);
      await settled();
    }
    expect([pages.row(0), pages.row(10), pages.row(20)]).toEqual([0, undefined, 20]);
  });

  test("gives up what has gone out of sight, and can want it again", async () => {
    const signals: AbortSignal[] = [];
    const slow: ReadPage<number> = (offset, limit, signal) => {
      signals.push(signal);
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        if (offset === 20) void numbers(100)(offset, limit, signal).then(resolve);
      });
    };
    const pages = new Pages(10, 5, slow, () => undefined);
    pages.want([0]);
    pages.want([2]);
    expect(signals.map((one) => one.aborted)).toEqual([true, false]);
    await settled();
    expect([pages.row(0), pages.row(20), pages.error]).toEqual([undefined, 20, null]);
    pages.want([0]);
    expect(signals).toHaveLength(3);
  });

  test("keeps what went wrong until a page is read", async () => {
    let broken = true;
    const pages = new Pages<number>(10, 5, (...given) => {
      return broken ? Promise.reject(new Error("away")) : numbers(5)(...given);
    }, () => undefined);
    pages.want([0]);
    await settled();
    expect(pages.error).toBeInstanceOf(Error);
    broken = false;
    pages.want([0]);
    await settled();
    expect([pages.error, pages.total]).toEqual([null, 5]);
  });

  test("changes rows in place", async () => {
    const pages = new Pages(10, 5, numbers(20), () => undefined);
    pages.want([0, 1]);
    await settled();
    expect(pages.patch((row) => row === 12, () => -1)).toBe(true);
    expect(pages.row(12)).toBe(-1);
    expect(pages.patch((row) => row === 99, () => -1)).toBe(false);
  });
});
