/** What went wrong, in words, with a way on where there is one. */

import { ApiError } from "../api/client";
import { t } from "../texts/texts";

export function sentence(error: unknown): string {
  if (error instanceof ApiError && error.unreachable) return t("error.unreachable");
  if (error instanceof ApiError && error.message) return capitalised(error.message);
  return t("error.failed");
}

export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div class="notice notice-error" role="alert">
      <p>{sentence(error)}</p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {t("action.retry")}
        </button>
      )}
    </div>
  );
}

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
