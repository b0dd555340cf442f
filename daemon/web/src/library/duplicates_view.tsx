/** What videos share with each other. */

import { useState } from "preact/hooks";
import { send } from "../api/client";
import { DUPLICATE_KINDS, type Comparison, type DuplicateGroups, type DuplicateKind } from "../api/duplicates";
import { useRead } from "../model/use_read";
import { ErrorNotice } from "../parts/notice";
import { counted, duration, number, t } from "../texts/texts";
import { DuplicateGroupCard } from "./duplicate_group";

const PAGE_GROUPS = 20;

export function DuplicatesView() {
  const state = useRead<Comparison>("/v1/duplicates", ["duplicates"]);
  const [kind, setKind] = useState<DuplicateKind | "">("");
  const [pages, setPages] = useState(1);
  const limit = pages * PAGE_GROUPS;
  const found = useRead<DuplicateGroups>("/v1/duplicates/groups", ["duplicates"], { limit: kind ? 1000 : limit });
  const groups = found.value?.groups.filter((one) => !kind || one.kind === kind).slice(0, limit) ?? [];
  const total = found.value ? (kind ? found.value.kinds[kind] : found.value.total) : 0;
  return (
    <section class="duplicates" aria-label={t("nav.duplicates")}>
      <p class="lead">{t("duplicates.lead")}</p>
      {state.value && <Progress state={state.value} again={state.again} />}
      {state.error !== null && <ErrorNotice error={state.error} onRetry={state.again} />}
      {found.error !== null && <ErrorNotice error={found.error} onRetry={found.again} />}
      {found.value && (
        <fieldset class="kinds">
          <legend class="unseen">{t("duplicates.kind")}</legend>
          <Kind name="" count={found.value.total} chosen={kind} onChoose={setKind} />
          {DUPLICATE_KINDS.map((one) => (
            <Kind key={one} name={one} count={found.value!.kinds[one] ?? 0} chosen={kind} onChoose={setKind} />
          ))}
        </fieldset>
      )}
      {found.value && total === 0 && <p class="nothing">{t("duplicates.none")}</p>}
      <ol class="duplicate-groups">
        {groups.map((group) => (
          <DuplicateGroupCard key={group.places.map((place) => place.video_id).join() + group.kind} group={group} />
        ))}
      </ol>
      {groups.length < total && (
        <button type="button" class="button" onClick={() => setPages(pages + 1)}>
          {t("duplicates.more", { count: number(total - groups.length) })}
        </button>
      )}
    </section>
  );
}

interface KindProps {
  name: DuplicateKind | "";
  count: number;
  chosen: string;
  onChoose: (name: DuplicateKind | "") => void;
}

function Kind({ name, count, chosen, onChoose }: KindProps) {
  return (
    <label class="kind">
      <input type="radio" name="kind" checked={chosen === name} onChange={() => onChoose(name)} />
      {t(name ? `duplicates.kind.${name}` : "duplicates.all")} ({number(count)})
    </label>
  );
}

function Progress({ state, again }: { state: Comparison; again: () => void }) {
  const [error, setError] = useState<unknown>(null);
  const ask = (method: string): void => {
    send<Comparison>(method, "/v1/duplicates").then(again, setError);
  };
  const { running, done_s, total_s, videos, videos_done, eta_s } = state;
  return (
    <div class="comparison">
      {running ? (
        <>
          <progress value={done_s} max={Math.max(total_s, 1)} aria-label={t("duplicates.running")} />
          <p role="status">
            {t("duplicates.done", { done: number(videos_done), all: counted("library.count", videos) })}
            {eta_s ? ` · ${t("live.left", { time: duration(eta_s) })}` : ""}
          </p>
          <button type="button" class="button" onClick={() => ask("DELETE")}>
            {t("duplicates.stop")}
          </button>
        </>
      ) : (
        <button type="button" class="button is-main" onClick={() => ask("POST")}>
          {t("duplicates.start")}
        </button>
      )}
      {state.error && <p class="notice notice-error">{state.error}</p>}
      {error !== null && <ErrorNotice error={error} />}
    </div>
  );
}
