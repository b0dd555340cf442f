/** Scenes that show a picture, by video. */

import type { Answer, Hit } from "../api/types";
import type { Question } from "../ask/questions";
import { groupedByVideo } from "../model/grouping";
import { ExportMenu } from "../parts/export_menu";
import { counted } from "../texts/texts";
import { Notes, Nothing } from "./summary";
import { VideoGroup } from "./video_group";

interface Props {
  answer: Answer;
  question: Question | null;
}

export function PictureResults({ answer, question }: Props) {
  const named = answer.results.filter((hit) => hit.verdict !== "none");
  const weak = answer.results.filter((hit) => hit.verdict === "none");
  return (
    <>
      <Notes notes={answer.notes} />
      {named.length === 0 && <Nothing />}
      <Groups hits={named} question={question} />
      {weak.length > 0 && (
        <details class="weak">
          <summary>{counted("results.weak", weak.length)}</summary>
          <Groups hits={weak} question={question} />
        </details>
      )}
      {named.length > 0 && <ExportMenu results={named.map(exported)} />}
    </>
  );
}

function Groups({ hits, question }: { hits: readonly Hit[]; question: Question | null }) {
  return (
    <ol class="groups">
      {groupedByVideo(hits).map((group) => (
        <VideoGroup key={group.videoId} group={group} question={question} />
      ))}
    </ol>
  );
}

function exported(hit: Hit) {
  const { video_id, path, time_s, scene_start_s: start_s, scene_end_s: end_s, verdict } = hit;
  return { video_id, path, start_s, end_s, time_s, label: verdict };
}
