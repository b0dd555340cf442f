/** Formats that results can be saved in. */

import { useState } from "preact/hooks";
import { EXPORT_FORMATS, exportAs, type Exported, type ExportFormat } from "../api/exports";
import { t } from "../texts/texts";
import { Icon } from "./icon";
import { ErrorNotice } from "./notice";

export function ExportMenu({ results }: { results: readonly Exported[] }) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState<ExportFormat | null>(null);
  const save = async (format: ExportFormat): Promise<void> => {
    setBusy(format);
    setError(null);
    await exportAs(format, results).catch(setError);
    setBusy(null);
  };
  return (
    <details class="exports">
      <summary>
        <Icon name="download" />
        {t("export.title")}
      </summary>
      <ul class="row">
        {Object.entries(EXPORT_FORMATS).map(([format, name]) => (
          <li key={format}>
            <button
              type="button"
              class="button"
              disabled={busy !== null}
              onClick={() => save(format as ExportFormat)}
            >
              {format === "png" || format === "pdf" ? t("export.sheet", { format: name }) : name}
            </button>
          </li>
        ))}
      </ul>
      {error !== null && <ErrorNotice error={error} />}
    </details>
  );
}
