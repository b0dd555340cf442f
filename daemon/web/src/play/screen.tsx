/** The picture of the player: the film, or a still where it cannot be played. */

import { frameAddress } from "../api/media";
import type { Video } from "../api/types";
import { fileName } from "../model/paths";
import { clock } from "../model/time";
import { t } from "../texts/texts";
import type { Player } from "./player";

const STILL_WIDTH = 960;

export function Screen({ player, video }: { player: Player; video: Video }) {
  const { source, time_s } = player;
  const id = video.video_id ?? "";
  const name = fileName(video.path);
  if (source.kind === "stills") {
    return (
      <figure class="screen">
        <img
          src={frameAddress(id, time_s, STILL_WIDTH)}
          alt={t("results.still", { name, time: clock(time_s) })}
          width={STILL_WIDTH}
          height={540}
        />
        <figcaption>{t(video.state === "offline" ? "play.offline" : "play.stillsOnly")}</figcaption>
      </figure>
    );
  }
  return (
    <figure class="screen">
      <video
        key={source.address}
        ref={player.element}
        src={source.address}
        poster={frameAddress(id, time_s, STILL_WIDTH)}
        controls
        playsInline
        preload="auto"
        aria-label={name}
        onError={player.failed}
      />
      {source.kind === "clip" && (
        <figcaption>
          {t("play.clip", { start: clock(source.start_s, 0), end: clock(source.end_s, 0) })}
        </figcaption>
      )}
    </figure>
  );
}
