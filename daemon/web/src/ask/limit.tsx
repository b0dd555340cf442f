/** The folders that a search is limited to. */

import { useState } from "preact/hooks";
import { fileName } from "../model/paths";
import { Dialog } from "../parts/dialog";
import { FolderTree } from "../parts/folder_tree";
import { Icon } from "../parts/icon";
import { t } from "../texts/texts";
import { askAgain, questions, within } from "./questions";

export function LimitChoice() {
  const [picking, setPicking] = useState(false);
  return (
    <div class="limit">
      <span class="limit-title">{t("limit.title")}</span>
      {within.value.length === 0 && <span class="limit-all">{t("limit.everything")}</span>}
      {within.value.map((path) => (
        <button
          key={path}
          type="button"
          class="chip"
          title={path}
          aria-label={t("limit.remove", { name: fileName(path) })}
          onClick={() => limitTo(within.value.filter((one) => one !== path))}
        >
          <Icon name="folder" />
          {fileName(path)}
          <Icon name="close" />
        </button>
      ))}
      <button type="button" class="link" onClick={() => setPicking(true)}>
        {t("limit.add")}
      </button>
      {picking && <Picker onClose={() => setPicking(false)} />}
    </div>
  );
}

function limitTo(paths: readonly string[]): void {
  within.value = paths;
  if (questions.value.length > 0) askAgain();
}

function Picker({ onClose }: { onClose: () => void }) {
  const [selected, setSelected] = useState("");
  const use = (): void => {
    limitTo([...new Set([...within.value, selected])]);
    onClose();
  };
  return (
    <Dialog title={t("limit.pick")} onClose={onClose}>
      <FolderTree label={t("limit.pick")} selected={selected} onSelect={setSelected} />
      <footer class="row">
        <button type="button" class="button" onClick={onClose}>
          {t("action.cancel")}
        </button>
        <button type="button" class="button is-main" disabled={!selected} onClick={use}>
          {t("limit.use")}
        </button>
      </footer>
    </Dialog>
  );
}
