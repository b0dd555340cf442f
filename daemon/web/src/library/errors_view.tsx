/** Files that are not, or only partly, searchable: why, and trying again. */

import { useState } from "preact/hooks";
import { send } from "../api/client";
import type { Problem } from "../api/types";
import { fileName } from "../model/paths";
import { useRead } from "../model/use_read";
import { Icon } from "../parts/icon";
import { capitalised, ErrorNotice } from "../parts/notice";
import { counted, language, t } from "../texts/texts";

export function ErrorsView() {
  const { value, error, again } = useRead<{ errors: Problem[] }>("/v1/errors", ["video", "failed"]);
  const [failure, setFailure] = useState<unknown>(null);
  const retry = (video?: string): void => {
    setFailure(null);
    send("POST", "/v1/retry", { video }).then(again, setFailure);
  };
  if (error) return <ErrorNotice error={error} onRetry={again} />;
  if (!value) return <p class="quiet" role="status">{t("play.loading")}</p>;
  if (value.errors.length === 0) return <p class="nothing">{t("errors.none")}</p>;
  return (
    <section class="errors" aria-label={t("nav.errors")}>
      <div class="row">
        <p>{counted("errors.count", value.errors.length)}</p>
        <button type="button" class="button" onClick={() => retry()}>
          <Icon name="retry" />
          {t("errors.retryAll")}
        </button>
      </div>
      {failure !== null && <ErrorNotice error={failure} />}
      <ul>
        {value.errors.map((problem) => (
          <li key={problem.path} class="problem">
            <div>
              <h2>{fileName(problem.path)}</h2>
              <p class="quiet">{problem.path}</p>
              <p>{capitalised(problem.message)}</p>
              <p class="quiet">
                {counted("errors.tries", problem.tries)} · {nextTry(problem.retry_at)}
              </p>
            </div>
            <button
              type="button"
              class="button"
              aria-label={t("errors.retryOne", { name: fileName(problem.path) })}
              onClick={() => retry(problem.path)}
            >
              <Icon name="retry" />
              {t("action.retry")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function nextTry(at: number | null): string {
  if (at === null) return t("errors.noRetry");
  const time = new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" });
  return t("errors.retryAt", { time: time.format(new Date(at * 1000)) });
}
