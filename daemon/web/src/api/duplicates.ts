/** Documents about what videos share. */

export const DUPLICATE_KINDS = ["copy", "excerpt", "title", "compilation", "reuse"] as const;
export type DuplicateKind = (typeof DUPLICATE_KINDS)[number];

export interface Comparison {
  running: boolean;
  done_s: number;
  total_s: number;
  videos_done: number;
  videos: number;
  found: number;
  eta_s: number | null;
  error: string;
}

export interface Place {
  video_id: string;
  path: string;
  start_s: number;
  end_s: number;
  duration_s: number | null;
}

export interface SharedSegment {
  first_video_id: string;
  first_start_s: number;
  first_end_s: number;
  second_video_id: string;
  second_start_s: number;
  second_end_s: number;
  speed: number;
  reversed: boolean;
  similarity: number;
  score: number;
  first_keyframe_id: string | null;
  second_keyframe_id: string | null;
}

export interface DuplicateGroup {
  kind: DuplicateKind;
  shared_s: number;
  places: Place[];
  segments: SharedSegment[];
}

export interface DuplicateGroups {
  total: number;
  kinds: Record<DuplicateKind, number>;
  offset: number;
  groups: DuplicateGroup[];
}
