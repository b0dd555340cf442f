/** The service: its folders, its disk, its model, and how far its probabilities can be trusted. */

import { useState } from "preact/hooks";
import { send } from "../api/client";
import { status } from "../api/live";
import type { Status } from "../api/types";
import { useRead } from "../model/use_read";
import { Icon } from "../parts/icon";
import { ErrorNotice } from "../parts/notice";
import { counted, duration, number, t } from "../texts/texts";
import { CalibrationPart } from "./calibration_part";
import { DiskPart } from "./disk_part";

export function ServiceView() {
  const now = status.value;
  return (
    <div class="service">
      {now && <Roots status={now} />}
      {now && <Facts status={now} />}
      <DiskPart />
      <ModelPart />
      <CalibrationPart />
    </div>
  );
}

function Roots({ status: now }: { status: Status }) {
  const [error, setError] = useState<unknown>(null);
  const rescan = (): void => {
    send("POST", "/v1/rescan").catch(setError);
  };
  return (
    <section class="card" aria-labelledby="roots">
      <h2 id="roots">{t("service.roots")}</h2>
      <ul class="lines">
        {now.roots.map(({ path, state, watch, reason }) => (
          <li key={path}>
            <span>{path}</span>
            <span class={`state state-${state === "online" ? "indexed" : "failed"}`}>
              {t(state === "online" ? "service.online" : "state.offline")}
            </span>
            <span class="quiet">{reason || t(watch === "polling" ? "service.polling" : "service.inotify")}</span>
          </li>
        ))}
      </ul>
      <div class="row">
        <button type="button" class="button" onClick={rescan} disabled={now.scanning}>
          <Icon name="retry" />
          {t(now.scanning ? "service.scanning" : "service.rescan")}
        </button>
      </div>
      {error !== null && <ErrorNotice error={error} />}
    </section>
  );
}

function Facts({ status: now }: { status: Status }) {
  const facts: [string, string][] = [
    [t("service.version"), now.service.version],
    [t("service.uptime"), duration(now.service.uptime_s)],
    [t("service.keyframes"), number(now.keyframes)],
    [t("service.refined"), now.refining ? number(now.refined) : t("service.notRefining")],
    [t("service.speed"), now.times_real_time === null ? "–" : t("service.times", { count: number(now.times_real_time, 1) })],
    [t("service.index"), `${counted("service.segments", now.index.segments)}, ${counted("service.tail", now.index.tail)}`],
  ];
  return (
    <section class="card" aria-labelledby="facts">
      <h2 id="facts">{t("service.now")}</h2>
      <Definitions of={facts} />
      {now.working.length > 0 && (
        <ul class="lines">
          {now.working.map((video) => (
            <li key={video.path}>
              <span>{video.path}</span>
              <progress value={video.per_cent ?? undefined} max={100} aria-label={video.path} />
            </li>
          ))}
        </ul>
      )}
      {now.notes.map((note) => (
        <p key={note} class="notice">
          {note}
        </p>
      ))}
    </section>
  );
}

export function Definitions({ of: facts }: { of: readonly [string, string][] }) {
  return (
    <dl class="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd class="figures">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Models {
  answering: string;
  profiles: { name: string; usable: boolean; files: { part: string; label: string; size_bytes: number; state: string }[] }[];
  notes: string[];
}

function ModelPart() {
  const { value, error, again } = useRead<Models>("/v1/models", ["models"]);
  return (
    <section class="card" aria-labelledby="models">
      <h2 id="models">{t("service.models")}</h2>
      {error !== null && <ErrorNotice error={error} onRetry={again} />}
      <ul class="lines">
        {value?.profiles.map(({ name, usable, files }) => (
          <li key={name}>
            <strong>{name}</strong>
            <span>
              {name === value.answering ? t("service.answering") : t(usable ? "service.usable" : "service.unusable")}
            </span>
            <span class="quiet">{files.map((file) => `${file.part}: ${file.label}`).join(", ")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
