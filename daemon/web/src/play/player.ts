/** The film that is open: where it stands, what it is played from, and what moves it. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Video } from "../api/types";
import { FrameClock } from "./frames";
import { after, clipAround, holds, originalOf, type Source } from "./source";

export interface Player {
  source: Source;
  time_s: number;
  playing: boolean;
  /** Puts the film at a moment. */
  seek: (time_s: number) => void;
  step: (frames: number) => void;
  toggle: () => void;
  /** For the element that plays. */
  element: (element: HTMLVideoElement | null) => void;
  failed: () => void;
}

export function usePlayer(video: Video, start_s: number): Player {
  const id = video.video_id ?? "";
  const duration_s = video.duration_s ?? 0;
  const offline = video.state === "offline";
  const [source, setSource] = useState<Source>(() => (offline ? { kind: "stills" } : originalOf(id)));
  const [time_s, setTime] = useState(start_s);
  const [playing, setPlaying] = useState(false);
  const media = useRef<HTMLVideoElement | null>(null);
  const wanted = useRef(start_s);
  const frames = useMemo(() => new FrameClock(video.frames_per_s ? 1 / video.frames_per_s : null), [id]);
  const offset = source.kind === "stills" ? 0 : source.start_s;

  const seek = (to: number): void => {
    const limit = duration_s ? Math.max(0, duration_s - 0.001) : Infinity;
    wanted.current = Math.min(Math.max(0, to), limit);
    setTime(wanted.current);
    if (source.kind === "clip" && !holds(source, wanted.current)) {
      setSource(clipAround(id, wanted.current, duration_s));
    } else if (media.current) {
      media.current.currentTime = wanted.current - offset;
    }
  };
  const step = (count: number): void => {
    media.current?.pause();
    seek(frames.stepped(time_s, count));
  };
  const toggle = (): void => {
    const element = media.current;
    if (!element) return;
    if (element.paused) void element.play().catch(() => undefined); // `failed` is called for what cannot play
    else element.pause();
  };
  const failed = (): void => {
    if (!offline) setSource((before) => after(before, id, wanted.current, duration_s));
  };

  useEffect(() => {
    if (offline) setSource({ kind: "stills" });
    else setSource((before) => (before.kind === "stills" ? originalOf(id) : before));
  }, [offline, id]);

  useEffect(() => {
    const element = media.current;
    if (!element || source.kind === "stills") return;
    return follow(element, {
      ready: () => {
        if (element.videoWidth === 0) failed(); // sound alone: the pictures are in a codec that is not known
        else element.currentTime = wanted.current - offset;
      },
      time: (now) => {
        if (element.seeking) return;
        wanted.current = now + offset;
        setTime(wanted.current);
      },
      playing: setPlaying,
      ended: () => {
        const next = element.currentTime + offset;
        const more = source.kind === "clip" && next < duration_s - 0.5;
        if (more) setSource(clipAround(id, (wanted.current = next), duration_s));
      },
      frame: (now) => frames.note(now + offset),
    });
  }, [source, frames]);

  return { source, time_s, playing, seek, step, toggle, element: (one) => (media.current = one), failed };
}

interface Followers {
  ready: () => void;
  time: (time_s: number) => void;
  playing: (playing: boolean) => void;
  ended: () => void;
  frame: (time_s: number) => void;
}

/** Calls back as an element plays; returns how to stop that. */
function follow(element: HTMLVideoElement, { ready, time, playing, ended, frame }: Followers): () => void {
  const controller = new AbortController();
  const on = (kind: string, act: () => void): void => {
    element.addEventListener(kind, act, { signal: controller.signal });
  };
  on("loadedmetadata", ready);
  on("timeupdate", () => time(element.currentTime));
  on("seeked", () => time(element.currentTime));
  on("play", () => playing(true));
  on("pause", () => playing(false));
  on("ended", ended);
  if (element.readyState >= HTMLMediaElement.HAVE_METADATA) ready();
  let handle = 0;
  const watch = (): void => {
    handle = element.requestVideoFrameCallback((_, { mediaTime }) => {
      frame(mediaTime);
      watch();
    });
  };
  if ("requestVideoFrameCallback" in element) watch();
  return () => {
    controller.abort();
    if (handle) element.cancelVideoFrameCallback(handle);
  };
}
