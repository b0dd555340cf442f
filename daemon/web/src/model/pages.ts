/** A long list that is read page by page, as it is looked at. */

export interface Page<T> {
  rows: T[];
  total: number;
}

export type ReadPage<T> = (offset: number, limit: number, signal: AbortSignal) => Promise<Page<T>>;

/** The pages of one list. Those that were not looked at for longest are forgotten. */
export class Pages<T> {
  total = 0;
  error: unknown = null;
  private readonly held = new Map<number, T[]>();
  private readonly asked = new Map<number, AbortController>();
  private stale = new Set<number>();

  constructor(
    readonly size: number,
    private readonly limit: number,
    private readonly read: ReadPage<T>,
    private readonly changed: () => void,
  ) {}

  /** The row, or undefined where it is not read yet. */
  row(place: number): T | undefined {
    return this.held.get(Math.floor(place / this.size))?.[place % this.size];
  }

  /** Reads what these pages lack, and gives up reading pages that are out of sight. */
  want(pages: readonly number[]): void {
    for (const [page, controller] of this.asked) {
      if (!pages.includes(page)) controller.abort();
    }
    for (const page of pages) {
      const rows = this.held.get(page);
      if (rows) this.hold(page, rows);
      if ((!rows || this.stale.has(page)) && !this.asked.has(page)) void this.load(page);
    }
  }

  /** Everything may have changed: pages are shown until they have been read again. */
  refresh(): void {
    this.stale = new Set(this.held.keys());
  }

  /** Changes rows in place. Returns whether one was changed. */
  patch(matches: (row: T) => boolean, change: (row: T) => T): boolean {
    let found = false;
    for (const [page, rows] of this.held) {
      if (!rows.some(matches)) continue;
      this.held.set(page, rows.map((row) => (matches(row) ? change(row) : row)));
      found = true;
    }
    return found;
  }

  close(): void {
    for (const controller of this.asked.values()) controller.abort();
  }

  private async load(page: number): Promise<void> {
    const controller = new AbortController();
    this.asked.set(page, controller);
    this.stale.delete(page);
    try {
      const { rows, total } = await this.read(page * this.size, this.size, controller.signal);
      this.hold(page, rows);
      this.total = total;
      this.error = null;
    } catch (error) {
      if (!controller.signal.aborted) this.error = error;
    }
    if (this.asked.get(page) === controller) this.asked.delete(page);
    this.changed();
  }

  private hold(page: number, rows: T[]): void {
    this.held.delete(page);
    this.held.set(page, rows);
    for (const oldest of this.held.keys()) {
      if (this.held.size <= this.limit) return;
      this.held.delete(oldest);
      this.stale.delete(oldest);
    }
  }
}
