/** What can be done at a moment: step, copy, ask, export. */

import { useState } from "preact/hooks";
import type { Keyframe, Video } from "../api/types";
import { fileName } from "../model/paths";
import { hashOf, playHref } from "../model/route";
import { clock, mpvCommand, timeCode } from "../model/time";
import { ExportMenu } from "../parts/export_menu";
import { Icon } from "../parts/icon";
import { askWithFrame } from "../results/scene_row";
import { go } from "../model/route";
import { t } from "../texts/texts";
import { copyText } from "./clipboard";
import type { Player } from "./player";

interface Props {
  player: Player;
  video: Video;
  keyframes: readonly Keyframe[];
}

export function MomentActions({ player, video, keyframes }: Props) {
  const { time_s, step, toggle, playing, source } = player;
  const id = video.video_id ?? "";
  const name = fileName(video.path);
  const scene = keyframes.find((one) => time_s >= one.scene_start_s && time_s < one.scene_end_s);
  const link = location.origin + location.pathname + playHref(id, time_s);
  const moment = {
    ...{ video_id: id, path: video.path, time_s, label: name },
    ...{ start_s: scene?.scene_start_s ?? time_s, end_s: scene?.scene_end_s ?? time_s },
  };
  const ask = async (): Promise<void> => {
    await askWithFrame({ video_id: id, time_s }, name);
    go(hashOf("ask"));
  };
  return (
    <aside class="moment" aria-label={t("play.moment")}>
      <p class="moment-time figures" aria-live="off">
        {clock(time_s)}
      </p>
      {scene && (
        <p class="quiet">
          {t("results.scene", { start: clock(scene.scene_start_s, 1), end: clock(scene.scene_end_s, 1) })}
        </p>
      )}
      {source.kind !== "stills" && (
        <div class="transport">
          <button
            type="button"
            class="button"
            aria-label={t("play.stepBack")}
            aria-keyshortcuts=","
            onClick={() => step(-1)}
          >
            <Icon name="back" />
            {t("play.frame")} <kbd>,</kbd>
          </button>
          <button type="button" class="button" onClick={toggle} aria-keyshortcuts="k">
            {t(playing ? "play.pause" : "results.play")} <kbd>k</kbd>
          </button>
          <button
            type="button"
            class="button"
            aria-label={t("play.stepForward")}
            aria-keyshortcuts="."
            onClick={() => step(1)}
          >
            {t("play.frame")} <kbd>.</kbd>
            <Icon name="forward" />
          </button>
        </div>
      )}
      <ul class="copies">
        <Copy label={t("play.copyLink")} text={link} />
        <Copy label={t("play.copyTime")} text={timeCode(time_s)} />
        <Copy label={t("play.copyMpv")} text={mpvCommand(video.path, time_s)} />
      </ul>
      <div class="row">
        <button type="button" class="button" onClick={ask}>
          <Icon name="ask" />
          {t("results.askWith")}
        </button>
      </div>
      <ExportMenu results={[moment]} />
    </aside>
  );
}

function Copy({ label, text }: { label: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    setCopied(await copyText(text));
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <li>
      <button type="button" class="copy" onClick={copy} title={label}>
        <Icon name="copy" />
        <span class="copy-label">{label}</span>
        <code>{text}</code>
      </button>
      <span role="status" class="quiet">
        {copied && t("action.copied")}
      </span>
    </li>
  );
}
