/** How to come in again, where the service does not know this browser any more. */

import { useState } from "preact/hooks";
import { sessionEnded } from "../model/session";
import { t } from "../texts/texts";

export function SessionNotice() {
  const [wrong, setWrong] = useState(false);
  const enter = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const password = new FormData(event.currentTarget as HTMLFormElement).get("password");
    const body = new URLSearchParams({ password: String(password ?? "") });
    const response = await fetch("/login", { method: "POST", body, headers: { Accept: "application/json" } });
    setWrong(!response.ok);
    sessionEnded.value = !response.ok;
  };
  return (
    <section class="session" aria-labelledby="session-title">
      <h2 id="session-title">{t("session.title")}</h2>
      <p>{t("session.token")}</p>
      <form onSubmit={enter}>
        <label>
          {t("session.password")}
          <input type="password" name="password" autocomplete="current-password" required />
        </label>
        <button class="button is-main">{t("session.enter")}</button>
        {wrong && <p role="alert">{t("session.wrong")}</p>}
      </form>
    </section>
  );
}
