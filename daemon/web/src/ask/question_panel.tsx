/** The question that is open, and those beside it. */

import { Icon } from "../parts/icon";
import { t } from "../texts/texts";
import { BoxedPicture } from "./boxed_picture";
import { FileChoice } from "./file_choice";
import { LimitChoice } from "./limit";
import {
  answers,
  askAgain,
  current,
  currentKey,
  everywhere,
  inOrder,
  pictures,
  questions,
  remove,
  setInOrder,
  setRegion,
  type Question,
} from "./questions";

export function QuestionPanel() {
  const question = current.value;
  return (
    <section class="question" aria-label={t("ask.question")}>
      {question && <Shown question={question} />}
      {questions.value.length > 1 && <Others />}
      {pictures.value.length > 1 && <Together />}
      <LimitChoice />
      <label class="check">
        <input type="checkbox" checked={everywhere.value} onChange={(event) => searchAll(event.currentTarget)} />
        <span>
          {t("ask.everywhere")}
          <small>{t("ask.everywhereHelp")}</small>
        </span>
      </label>
      <details class="another">
        <summary>{t("ask.another")}</summary>
        <FileChoice />
      </details>
    </section>
  );
}

function searchAll(input: HTMLInputElement): void {
  everywhere.value = input.checked;
  askAgain();
}

function Shown({ question }: { question: Question }) {
  const { key, kind, name, preview, region } = question;
  if (!preview) return <div class="question-shown is-waiting" aria-busy="true" />;
  if (!preview.address) return <p class="question-shown is-unseen">{t("ask.noPreview")}</p>;
  if (kind === "clip" || !preview.size) {
    return <video class="question-shown" src={preview.address} controls muted aria-label={name} />;
  }
  return (
    <div class="question-shown">
      <BoxedPicture
        address={preview.address}
        name={name}
        size={preview.size}
        region={region}
        onRegion={(drawn) => setRegion(key, drawn)}
      />
      <p class="question-note">
        {region ? t("box.size", { width: region.width, height: region.height }) : t("box.hint")}
        {region && (
          <button type="button" class="link" onClick={() => setRegion(key, null)}>
            {t("box.remove")}
          </button>
        )}
      </p>
    </div>
  );
}

function Others() {
  return (
    <ul class="others" aria-label={t("ask.questions")}>
      {questions.value.map((one) => (
        <li key={one.key} class={one.key === currentKey.value ? "is-current" : ""}>
          <button
            type="button"
            class="other"
            aria-pressed={one.key === currentKey.value}
            aria-label={t("ask.show", { name: one.name })}
            onClick={() => (currentKey.value = one.key)}
          >
            {one.kind === "picture" && one.preview?.address ? <img src={one.preview.address} alt="" /> : one.name}
            <i class={`other-state is-${answers.value.get(one.key)?.phase ?? "sent"}`} aria-hidden="true" />
          </button>
          <button
            type="button"
            class="other-remove"
            aria-label={t("ask.remove", { name: one.name })}
            onClick={() => remove(one.key)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Together() {
  const choice = (order: boolean, label: string) => (
    <label>
      <input type="radio" name="together" checked={inOrder.value === order} onChange={() => setInOrder(order)} />
      {label}
    </label>
  );
  return (
    <fieldset class="together">
      <legend>{t("ask.together")}</legend>
      {choice(false, t("ask.each"))}
      {choice(true, t("ask.order"))}
    </fieldset>
  );
}
