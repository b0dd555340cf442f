/** Buttons that bring in files: from the disk, or from the camera of a phone. */

import { Icon, type IconName } from "../parts/icon";
import { t } from "../texts/texts";
import { ACCEPTED, askWithFiles } from "./files";

export function FileChoice({ beside = false }: { beside?: boolean }) {
  return (
    <div class="file-choice">
      <FileButton icon="upload" label={t("ask.choose")} accept={ACCEPTED} main beside={beside} />
      <FileButton icon="camera" label={t("ask.photograph")} accept="image/*" capture beside={beside} />
    </div>
  );
}

interface ButtonProps {
  icon: IconName;
  label: string;
  accept: string;
  beside: boolean;
  capture?: boolean;
  main?: boolean;
}

function FileButton({ icon, label, accept, beside, capture = false, main = false }: ButtonProps) {
  const take = (input: HTMLInputElement): void => {
    askWithFiles([...(input.files ?? [])], beside);
    input.value = ""; // so that the same file can be chosen again
  };
  return (
    <label class={`button ${main ? "is-main" : ""} ${capture ? "is-camera" : ""}`}>
      <Icon name={icon} />
      {label}
      <input
        class="unseen"
        type="file"
        accept={accept}
        multiple={!capture}
        {...(capture ? { capture: "environment" } : {})}
        onChange={(event) => take(event.currentTarget)}
      />
    </label>
  );
}
