/** The JSON documents of the service, as `/openapi.json` describes them. Seconds end in `_s`. */

export type Verdict = "match" | "likely" | "none";

export interface Evidence {
  inliers: number;
  region: [number, number, number, number];
  homography: number[][];
  lines: [number, number, number, number][];
}

export interface Occurrence {
  video_id: string;
  path: string;
  time_s: number;
  scene_start_s: number;
  scene_end_s: number;
  keyframe_id: string;
}

export interface Hit extends Occurrence {
  rank: number;
  score: number;
  verdict: Verdict;
  variant: string;
  evidence: Evidence | null;
  occurrences: Occurrence[];
  exact: boolean;
  until_s: number | null;
  time_note: string;
}

export interface Answer {
  verdict: Verdict;
  took_ms: number;
  stages_ms: Record<string, number>;
  keyframes_searched: number;
  shortlisted: number;
  profile: string;
  refined: boolean;
  notes: string[];
  results: Hit[];
}

export interface OrderedHit {
  rank: number;
  video_id: string;
  path: string;
  score: number;
  verdict: Verdict;
  reversed: boolean;
  pictures: (Hit | null)[];
}

export interface OrderedAnswer {
  verdict: Verdict;
  pictures: number;
  results: OrderedHit[];
}

export interface ClipHit {
  rank: number;
  video_id: string;
  path: string;
  clip_start_s: number;
  clip_end_s: number;
  start_s: number;
  end_s: number;
  speed: number;
  reversed: boolean;
  mirrored: boolean;
  score: number;
  verdict: Verdict;
}

export interface ClipAnswer {
  verdict: Verdict;
  duration_s: number;
  frames: number;
  took_ms: number;
  results: ClipHit[];
  notes: string[];
}

export const VIDEO_STATES = ["indexed", "working", "waiting", "partial", "failed", "offline"] as const;
export type VideoState = (typeof VIDEO_STATES)[number];

export interface Video {
  video_id: string | null;
  path: string;
  paths: string[];
  state: VideoState;
  duration_s: number | null;
  keyframes: number;
  error: string | null;
  per_cent: number | null;
  eta_s: number | null;
  /** Of a single video alone, and null where they are not known. */
  frames_per_s?: number | null;
  width?: number | null;
  height?: number | null;
}

export interface VideoPage {
  videos: Video[];
  total: number;
}

export interface Folder {
  path: string;
  name: string;
  videos: number;
}

export interface Keyframe {
  keyframe_id: string;
  time_s: number;
  scene_start_s: number;
  scene_end_s: number;
  quality: number;
}

export interface Problem {
  path: string;
  code: string;
  message: string;
  tries: number;
  retry_at: number | null;
}

export interface Root {
  path: string;
  state: "online" | "offline";
  watch: string;
  reason: string;
}

export interface Status {
  service: { version: string; pid: number; uptime_s: number };
  profile: string;
  refining: boolean;
  roots: Root[];
  videos: Record<VideoState, number>;
  working: Video[];
  scanning: boolean;
  keyframes: number;
  refined: number;
  index: { generation: number; segments: number; tail: number };
  times_real_time: number | null;
  eta_s: number | null;
  notes: string[];
}
