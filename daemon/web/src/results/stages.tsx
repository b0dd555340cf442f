/** How far a search is, said to screen readers too. */

import type { Answer } from "../api/types";
import type { Asked } from "../ask/questions";
import { number, t } from "../texts/texts";

export function Stages({ asked }: { asked: Asked }) {
  const { phase, picture, took_ms } = asked;
  const reached = { sent: 1, shortlist: 2, verified: 3, done: 4, failed: 0 }[phase];
  const names = [t("stage.sent"), t("stage.shortlist"), t("stage.verified"), t("stage.moment")];
  if (phase === "failed") return null;
  return (
    <div class={`stages is-${phase}`}>
      {phase !== "done" && (
        <ol aria-label={t("stage.label")}>
          {names.map((name, place) => (
            <li key={name} class={place < reached ? "is-reached" : place === reached ? "is-running" : ""}>
              {name}
            </li>
          ))}
        </ol>
      )}
      <p role="status">
        {phase === "shortlist" && t("stage.provisional")}
        {phase === "verified" && t("stage.nearly")}
        {phase === "done" && took_ms !== null && t("stage.done", { time: spent(took_ms) })}
      </p>
      {phase === "done" && picture && <Steps answer={picture} first_ms={asked.first_ms} />}
    </div>
  );
}

function Steps({ answer, first_ms }: { answer: Answer; first_ms: number | null }) {
  const steps = Object.entries(answer.stages_ms);
  if (first_ms !== null) steps.unshift([t("stage.shortlist"), first_ms]);
  return (
    <details class="steps">
      <summary>{t("stage.details")}</summary>
      <p>
        {t("stage.searched", {
          count: number(answer.keyframes_searched),
          shortlisted: number(answer.shortlisted),
        })}
      </p>
      <table>
        <tbody>
          {steps.map(([step, ms]) => (
            <tr key={step}>
              <th scope="row">{step}</th>
              <td>{spent(ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function spent(ms: number): string {
  if (ms >= 1000) return t("stage.s", { count: number(ms / 1000, 1) });
  return t("stage.ms", { count: number(ms, ms < 10 ? 1 : 0) });
}
