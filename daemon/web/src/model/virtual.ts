/** Which rows of a long list are to be drawn. All rows have one height. */

export interface Window {
  /** First row to draw. */
  first: number;
  /** One behind the last row to draw. */
  end: number;
}

/** Rows in sight, and `extra` before and behind them. */
export function visible(offset: number, viewport: number, size: number, count: number, extra = 6): Window {
  if (count <= 0 || size <= 0) return { first: 0, end: 0 };
  const first = Math.max(0, Math.min(count - 1, Math.floor(offset / size)) - extra);
  const end = Math.min(count, Math.ceil((offset + viewport) / size) + extra);
  return { first, end: Math.max(end, Math.min(count, first + 1)) };
}

/** Numbers of the pages that a window touches. */
export function pagesOf({ first, end }: Window, pageSize: number): number[] {
  const pages = [];
  for (let page = Math.floor(first / pageSize); page * pageSize < end; page++) pages.push(page);
  return pages;
}

/** The offset that brings a row into sight; the one before where it is in sight. */
export function offsetFor(row: number, offset: number, viewport: number, size: number): number {
  if (row * size < offset) return row * size;
  if ((row + 1) * size > offset + viewport) return (row + 1) * size - viewport;
  return offset;
}
