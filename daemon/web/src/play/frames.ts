/** Steps by one frame. */

/** Seconds between two frames where the browser has not told yet. */
export const USUAL_FRAME_S = 1 / 25;

/** Learns the distance of frames from the times at which they were shown. */
export class FrameClock {
  private times: number[] = [];

  constructor(private readonly known_s: number | null = null) {}

  /** A frame with this time in the file is shown. */
  note(time_s: number): void {
    this.times = [...this.times.filter((one) => one !== time_s), time_s].slice(-24);
  }

  /** The frame that is shown; null before the first. */
  get shown_s(): number | null {
    return this.times.at(-1) ?? null;
  }

  /** The smallest distance seen that is no rounding. */
  get frame_s(): number {
    if (this.known_s) return this.known_s;
    const sorted = [...this.times].sort((one, other) => one - other);
    const gaps = sorted.slice(1).map((time, place) => time - sorted[place]!);
    const real = gaps.filter((gap) => gap > 1 / 250 && gap < 1 / 4);
    return real.length ? Math.min(...real) : USUAL_FRAME_S;
  }

  /** Where to seek so that the frame `count` further is shown: into its middle, clear of both edges. */
  stepped(from_s: number, count: number): number {
    const frame = this.frame_s;
    const shown = this.shown_s !== null && Math.abs(this.shown_s - from_s) < frame ? this.shown_s : from_s;
    return Math.max(0, shown + count * frame + frame / 2);
  }
}
