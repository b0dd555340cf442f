/** One video in the list. */

import { Component } from "preact";
import { stripAddress } from "../api/media";
import type { Video } from "../api/types";
import { fileName, folderOf } from "../model/paths";
import { clock } from "../model/time";
import { StateMark } from "../parts/state";
import { counted, duration, number, t } from "../texts/texts";

interface Props {
  video: Video | undefined;
  roots: readonly string[];
  /** The language of the texts. */
  words: string;
  /** Stills are fetched while the list rests alone. */
  resting: boolean;
}

const STILLS = 3;

/** Drawn again only where something in it has changed: a scrolling list has no time for more. */
export class VideoRow extends Component<Props> {
  override shouldComponentUpdate({ video, roots, resting, words }: Props): boolean {
    const { props } = this;
    return video !== props.video || resting !== props.resting || roots !== props.roots || words !== props.words;
  }

  override render({ video, roots, resting }: Props) {
    return video ? <Row video={video} roots={roots} resting={resting} /> : <div class="video-row is-unread" />;
  }
}

function Row({ video, roots, resting }: Omit<Props, "words"> & { video: Video }) {
  const { path, state, per_cent, eta_s, duration_s, keyframes } = video;
  return (
    <div class="video-row">
      <RowStills video={video} resting={resting} />
      <div class="video-name">
        <span class="video-title">{fileName(path)}</span>
        <span class="quiet">{folderOf(path, roots)}</span>
      </div>
      <span class="video-state">
        <StateMark state={state} />
        {per_cent !== null && (
          <span class="quiet">
            {number(per_cent)} %{eta_s ? ` · ${t("live.left", { time: duration(eta_s) })}` : ""}
          </span>
        )}
        {per_cent !== null && <progress value={per_cent} max={100} aria-label={t("state.working")} />}
      </span>
      <span class="video-length figures">{duration_s === null ? "–" : clock(duration_s, 0)}</span>
      <span class="video-scenes figures quiet">{counted("results.scenes", keyframes)}</span>
    </div>
  );
}

function RowStills({ video, resting }: { video: Video; resting: boolean }) {
  const { video_id, keyframes, duration_s } = video;
  if (!video_id || !keyframes || !duration_s) return <span class="video-stills" />;
  const span = { start_s: 0, end_s: duration_s, count: STILLS };
  return <span class="video-stills">{resting && <img src={stripAddress(video_id, span, 96)} alt="" />}</span>;
}
