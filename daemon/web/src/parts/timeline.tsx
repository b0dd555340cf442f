/** Spans on the length of a video. */

import type { Verdict } from "../api/types";
import { share } from "../model/grouping";
import { clock } from "../model/time";

export interface Mark {
  start_s: number;
  end_s: number;
  time_s?: number;
  verdict?: Verdict;
  label: string;
  href?: string;
}

interface Props {
  label: string;
  duration_s: number;
  marks: readonly Mark[];
  /** The moment that is shown now. */
  now_s?: number;
}

export function Timeline({ label, duration_s, marks, now_s }: Props) {
  return (
    <div class="timeline" role="group" aria-label={label}>
      <div class="timeline-bar">
        {marks.map((mark) => (
          <Span key={`${mark.start_s}-${mark.end_s}`} mark={mark} duration_s={duration_s} />
        ))}
        {now_s !== undefined && (
          <i class="timeline-now" style={{ left: `${share(now_s, now_s, duration_s, 0).left}%` }} />
        )}
      </div>
      <div class="timeline-ends" aria-hidden="true">
        <span>{clock(0, 0)}</span>
        <span>{clock(duration_s, 0)}</span>
      </div>
    </div>
  );
}

function Span({ mark, duration_s }: { mark: Mark; duration_s: number }) {
  const { left, width } = share(mark.start_s, mark.end_s, duration_s);
  const style = { left: `${left}%`, width: `${width}%` };
  const name = `timeline-span ${mark.verdict ? `is-${mark.verdict}` : ""}`;
  if (!mark.href) return <span class={name} style={style} title={mark.label} />;
  return <a class={name} style={style} href={mark.href} title={mark.label} aria-label={mark.label} />;
}
