import { describe, expect, test } from "vitest";
import { cssTransform, inverted, mapped, ontoCorners, type Point } from "../src/model/homography";

const CORNERS: Point[] = [
  [120, 40],
  [560, 90],
  [500, 330],
  [80, 300],
];

describe("a picture laid on four corners", () => {
  const map = ontoCorners(640, 360, CORNERS)!;

  test("has its own corners there", () => {
    const own: Point[] = [
      [0, 0],
      [640, 0],
      [640, 360],
      [0, 360],
    ];
    own.forEach((corner, number) => {
      const [x, y] = mapped(map, corner);
      expect(x).toBeCloseTo(CORNERS[number]![0], 6);
      expect(y).toBeCloseTo(CORNERS[number]![1], 6);
    });
  });

  test("comes back by the inverse map", () => {
    const back = inverted(map)!;
    for (const point of [[0, 0], [640, 360], [123.4, 321]] as Point[]) {
      const [x, y] = mapped(back, mapped(map, point));
      expect(x).toBeCloseTo(point[0], 6);
      expect(y).toBeCloseTo(point[1], 6);
    }
    expect(inverted([1, 2, 3, 2, 4, 6, 0, 0, 1])).toBeNull();
  });

  test("keeps straight lines straight", () => {
    const [left, middle, right] = [mapped(map, [0, 180]), mapped(map, [320, 180]), mapped(map, [640, 180])];
    const turn = (middle[0] - left[0]) * (right[1] - left[1]) - (middle[1] - left[1]) * (right[0] - left[0]);
    expect(turn).toBeCloseTo(0, 6);
  });
});

test("a mirrored and turned rectangle needs no perspective", () => {
  const map = ontoCorners(100, 50, [
    [100, 0],
    [0, 0],
    [0, 50],
    [100, 50],
  ])!;
  expect(map[6]).toBeCloseTo(0);
  expect(map[7]).toBeCloseTo(0);
  expect(mapped(map, [25, 10])[0]).toBeCloseTo(75);
});

test("corners on a line give no map", () => {
  const line: Point[] = [
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
  ];
  expect(ontoCorners(10, 10, line)).toBeNull();
  expect(ontoCorners(10, 10, CORNERS.slice(1))).toBeNull();
});

test("CSS takes the numbers by columns", () => {
  expect(cssTransform([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe("matrix3d(1,4,0,7,2,5,0,8,0,0,1,0,3,6,0,9)");
});
