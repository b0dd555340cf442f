/** Whether probabilities are true in this library: the reliability plot, and calibrating. */

import { useEffect, useState } from "preact/hooks";
import { send } from "../api/client";
import { listen } from "../api/live";
import { useRead } from "../model/use_read";
import { ErrorNotice } from "../parts/notice";
import { counted, number, perCent, t } from "../texts/texts";
import { ReliabilityPlot, type Bin } from "./reliability_plot";

interface Calibration {
  calibration: { answers: number; error: number; bins: Bin[] } | null;
}

export function CalibrationPart() {
  const { value, error, again } = useRead<Calibration>("/v1/calibration");
  const known = value?.calibration;
  const [running, setRunning] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const progress = useProgress();
  const calibrate = async (): Promise<void> => {
    setRunning(true);
    setFailure(null);
    await send("POST", "/v1/calibrate").then(again, setFailure);
    setRunning(false);
  };
  const busy = running || (progress !== null && progress.done < progress.total);
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
      <div class="row">
        <button type="button" class="button" disabled={busy} onClick={calibrate}>
          {t("calibration.start")}
        </button>
        {busy && <progress value={progress?.done} max={progress?.total ?? 1} aria-label={t("calibration.running")} />}
        {busy && progress && (
          <span class="quiet" role="status">
            {number(progress.done)} / {number(progress.total)}
          </span>
        )}
      </div>
      {failure !== null && <ErrorNotice error={failure} />}
    </section>
  );
}

function useProgress(): { done: number; total: number } | null {
  const [progress, setProgress] = useState<{ done: number; total: number } | null>(null);
  useEffect(
    () =>
      listen(({ kind, data }) => {
        if (kind === "calibration") setProgress(data as { done: number; total: number });
      }),
    [],
  );
  return progress;
}
