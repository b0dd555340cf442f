/** Videos that are dropped on the library go into a folder that takes uploads. */

import { useCallback, useState } from "preact/hooks";
import { fileName } from "../model/paths";
import { useRead } from "../model/use_read";
import { useDrop } from "../parts/drop";
import { Icon } from "../parts/icon";
import { bytes, t } from "../texts/texts";
import { dismiss, upload, uploads, type Upload } from "./uploads";

/** The folders that take uploads, and the bytes of the largest file. */
interface UploadFolders {
  folders: string[];
  max_bytes: number | null;
}

export function UploadArea() {
  const { value } = useRead<UploadFolders>("/v1/uploads");
  const folders = value?.folders ?? [];
  const [chosen, setChosen] = useState("");
  const folder = folders.includes(chosen) ? chosen : folders[0];
  const take = useCallback((files: File[]) => void (folder && upload(files, folder)), [folder]);
  const over = useDrop(take);
  if (!folder) return null;
  return (
    <section class={`uploads ${over ? "is-over" : ""}`} aria-label={t("upload.title")}>
      <div class="row">
        <label class="button">
          <Icon name="upload" />
          {t("upload.choose")}
          <input
            class="unseen"
            type="file"
            accept="video/*,.mkv"
            multiple
            onChange={(event) => take([...(event.currentTarget.files ?? [])])}
          />
        </label>
        <span class="quiet">{t(over ? "upload.dropNow" : "upload.drop", { folder: fileName(folder) })}</span>
        {folders.length > 1 && (
          <label>
            <span class="unseen">{t("upload.folder")}</span>
            <select value={folder} onChange={(event) => setChosen(event.currentTarget.value)}>
              {folders.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {uploads.value.length > 0 && (
        <ul>
          {uploads.value.map((one) => (
            <UploadLine key={one.key} upload={one} />
          ))}
        </ul>
      )}
    </section>
  );
}

function UploadLine({ upload: { key, name, size, sent, state, message } }: { upload: Upload }) {
  return (
    <li class="upload">
      <span class="upload-name">{name}</span>
      {state === "sending" && <progress value={sent} max={size} aria-label={name} />}
      <span class="quiet" role="status">
        {state === "sending" ? `${bytes(sent)} / ${bytes(size)}` : state === "done" ? t("upload.done") : message}
      </span>
      <button
        type="button"
        class="button is-plain"
        aria-label={t(state === "sending" ? "upload.stop" : "upload.dismiss", { name })}
        onClick={() => dismiss(key)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
