/** What probabilities said, against how often they were right. On the diagonal both are the same. */

import { number, perCent, t } from "../texts/texts";

export interface Bin {
  start: number;
  end: number;
  answers: number;
  /** The mean probability of the answers in it. */
  said: number;
  /** The share of them that were right. */
  right: number;
}

const SIDE = 100;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

export function ReliabilityPlot({ bins }: { bins: readonly Bin[] }) {
  const filled = bins.filter((bin) => bin.answers > 0);
  const most = Math.max(1, ...filled.map((bin) => bin.answers));
  const at = (bin: Bin) => ({ x: bin.said * SIDE, y: (1 - bin.right) * SIDE });
  return (
    <figure class="plot">
      <svg viewBox="-14 -4 122 122" role="img" aria-label={t("calibration.plot")}>
        {TICKS.map((tick) => (
          <g key={tick}>
            <line x1={tick * SIDE} x2={tick * SIDE} y1={0} y2={SIDE} class="plot-grid" />
            <line x1={0} x2={SIDE} y1={tick * SIDE} y2={tick * SIDE} class="plot-grid" />
            <text x={tick * SIDE} y={SIDE + 7} text-anchor="middle">
              {number(tick, 2)}
            </text>
            <text x={-2} y={(1 - tick) * SIDE + 1.5} text-anchor="end">
              {number(tick, 2)}
            </text>
          </g>
        ))}
        <line x1={0} y1={SIDE} x2={SIDE} y2={0} class="plot-ideal" />
        <polyline points={filled.map(at).map(({ x, y }) => `${x},${y}`).join(" ")} class="plot-line" />
        {filled.map((bin) => (
          <circle key={bin.start} cx={at(bin).x} cy={at(bin).y} r={1.2 + 2.4 * Math.sqrt(bin.answers / most)} class="plot-point" />
        ))}
        <text x={SIDE / 2} y={SIDE + 15} text-anchor="middle">
          {t("calibration.said")}
        </text>
        <text x={SIDE / -2} y={-10.5} text-anchor="middle" transform="rotate(-90)">
          {t("calibration.right")}
        </text>
      </svg>
      <details>
        <summary>{t("calibration.table")}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("calibration.said")}</th>
              <th scope="col">{t("calibration.right")}</th>
              <th scope="col">{t("calibration.count")}</th>
            </tr>
          </thead>
          <tbody>
            {filled.map((bin) => (
              <tr key={bin.start}>
                <td>{perCent(bin.said)}</td>
                <td>{perCent(bin.right)}</td>
                <td>{number(bin.answers)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
