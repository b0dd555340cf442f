/** Small drawings beside words. They say nothing that the words do not say. */

const PATHS = {
  play: "M8 5.5v13l11-6.5z",
  compare: "M4 5h7v14H4zM13 5h7v14h-7M13 9l7 6",
  ask: "M4 5h10v9H4zM17 11a4 4 0 1 0 0 8a4 4 0 0 0 0-8M20 18l2.5 2.5",
  folder: "M3 6h6l2 2h10v11H3z",
  close: "M6 6l12 12M18 6L6 18",
  camera: "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 10a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7",
  upload: "M12 16V5M7.5 9.5L12 5l4.5 4.5M5 19h14",
  download: "M12 5v11M7.5 11.5L12 16l4.5-4.5M5 20h14",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  back: "M14 6l-6 6l6 6",
  forward: "M10 6l6 6l-6 6",
  down: "M6 10l6 6l6-6",
  retry: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M15.5 15.5L20 20",
  where: "M12 3a6 6 0 0 0-6 6c0 4.5 6 12 6 12s6-7.5 6-12a6 6 0 0 0-6-6M12 7.5a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 0 0 0-3.6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
