/** How to come in again, where the service does not know this browser any more. */

import { useEffect, useState } from "preact/hooks";
import { sessionEnded } from "../model/session";
import { t } from "../texts/texts";

type Refused = "" | "wrong" | "often";

export function SessionNotice() {
  const [refused, setRefused] = useState<Refused>("");
  const takesPassword = useTakesPassword();
  const enter = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const password = new FormData(event.currentTarget as HTMLFormElement).get("password");
    const body = new URLSearchParams({ password: String(password ?? "") });
    const response = await fetch("/login", { method: "POST", body });
    setRefused(response.ok ? "" : response.status === 429 ? "often" : "wrong");
    sessionEnded.value = !response.ok;
  };
  return (
    <section class="session" aria-labelledby="session-title">
      <h2 id="session-title">{t("session.title")}</h2>
      <p>{t("session.token")}</p>
      {takesPassword && (
        <form onSubmit={enter}>
          <label>
            {t("session.password")}
            <input type="password" name="password" autocomplete="current-password" required />
          </label>
          <button class="button is-main">{t("session.enter")}</button>
        </form>
      )}
      {refused && <p role="alert">{t(`session.${refused}`)}</p>}
    </section>
  );
}

/** The service has a form at /login where a password is set up, else it sends to the page. */
function useTakesPassword(): boolean {
  const [takes, setTakes] = useState(false);
  useEffect(() => {
    fetch("/login").then(
      ({ ok, redirected }) => setTakes(ok && !redirected),
      () => undefined, // the banner says that the service is away
    );
  }, []);
  return takes;
}
