/** Whether probabilities are true in this library: the reliability plot, and calibrating. */

import { useRead } from "../model/use_read";
import { useTask, type Followed } from "../model/use_task";
import { ErrorNotice } from "../parts/notice";
import { counted, number, perCent, t } from "../texts/texts";
import { ReliabilityPlot, type Bin } from "./reliability_plot";

interface Calibration {
  calibration: { answers: number; error: number; bins: Bin[] } | null;
}

export function CalibrationPart() {
  const { value, error, again } = useRead<Calibration>("/v1/calibration");
  const known = value?.calibration;
  const task = useTask("/v1/calibrate", again);
  return (
    <section class="card" aria-labelledby="calibration">
      <h2 id="calibration">{t("service.calibration")}</h2>
      <p class="quiet">{t("calibration.what")}</p>
      {error !== null && <ErrorNotice error={error} onRetry={again} />}
      {known && (
        <>
          <ReliabilityPlot bins={known.bins} />
          <p>
            {t("calibration.error", { error: perCent(known.error) })} · {counted("calibration.answers", known.answers)}
          </p>
        </>
      )}
      {known === null && <p>{t("calibration.never")}</p>}
      <Calibrating task={task} />
      {task.error !== null && <ErrorNotice error={task.error} />}
    </section>
  );
}

function Calibrating({ task: { state, start, stop } }: { task: Followed }) {
  if (!state?.running)
    return (
      <div class="row">
        <button type="button" class="button" disabled={state === null} onClick={start}>
          {t("calibration.start")}
        </button>
      </div>
    );
  return (
    <div class="row">
      <button type="button" class="button" onClick={stop}>
        {t("calibration.stop")}
      </button>
      <progress value={state.done} max={Math.max(state.total, 1)} aria-label={t("calibration.running")} />
      <span class="quiet" role="status">
        {number(state.done)} / {number(state.total)}
      </span>
    </div>
  );
}
