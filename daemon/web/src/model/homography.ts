/** A picture laid on a quadrilateral. */

export type Point = [number, number];

/**
 * The nine numbers, row by row, of the map from a rectangle of that size onto four corners:
 * upper left, upper right, lower right, lower left. Null where the corners lie on a line.
 * Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), section 2.2.3.
 */
export function ontoCorners(width: number, height: number, corners: readonly Point[]): number[] | null {
  const [p0, p1, p2, p3] = corners;
  if (!p0 || !p1 || !p2 || !p3 || !(width > 0) || !(height > 0)) return null;
  const sum = [p0[0] - p1[0] + p2[0] - p3[0], p0[1] - p1[1] + p2[1] - p3[1]] as const;
  const right = [p1[0] - p2[0], p1[1] - p2[1]] as const;
  const below = [p3[0] - p2[0], p3[1] - p2[1]] as const;
  const area = right[0] * below[1] - below[0] * right[1];
  if (Math.abs(area) < 1e-9) return null;
  const g = (sum[0] * below[1] - below[0] * sum[1]) / area;
  const h = (right[0] * sum[1] - sum[0] * right[1]) / area;
  return [
    (p1[0] - p0[0] + g * p1[0]) / width,
    (p3[0] - p0[0] + h * p3[0]) / height,
    p0[0],
    (p1[1] - p0[1] + g * p1[1]) / width,
    (p3[1] - p0[1] + h * p3[1]) / height,
    p0[1],
    g / width,
    h / height,
    1,
  ];
}

/** The map back; null where there is none. */
export function inverted(map: readonly number[]): number[] | null {
  const [a = 1, b = 0, c = 0, d = 0, e = 1, f = 0, g = 0, h = 0, i = 1] = map;
  const adjugate = [
    ...[e * i - f * h, c * h - b * i, b * f - c * e],
    ...[f * g - d * i, a * i - c * g, c * d - a * f],
    ...[d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  const determinant = a * adjugate[0]! + b * adjugate[3]! + c * adjugate[6]!;
  return Math.abs(determinant) < 1e-12 ? null : adjugate.map((one) => one / determinant);
}

/** The same map as a value of the CSS property `transform`, about the upper left corner. */
export function cssTransform(map: readonly number[]): string {
  const [a = 1, b = 0, c = 0, d = 0, e = 1, f = 0, g = 0, h = 0, i = 1] = map;
  return `matrix3d(${[a, d, 0, g, b, e, 0, h, 0, 0, 1, 0, c, f, 0, i].join(",")})`;
}

/** Where the map takes a point. */
export function mapped(map: readonly number[], [x, y]: Point): Point {
  const [a = 1, b = 0, c = 0, d = 0, e = 1, f = 0, g = 0, h = 0, i = 1] = map;
  const w = g * x + h * y + i;
  return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
}
