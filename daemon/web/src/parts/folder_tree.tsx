/** A tree of folders, read level by level as it is opened. Keys as in any tree: arrows, Home, End, Enter. */

import { useEffect, useRef, useState } from "preact/hooks";
import { foldersUnder } from "../api/folders";
import type { Folder } from "../api/types";
import { number, t } from "../texts/texts";
import { Icon } from "./icon";
import { ErrorNotice } from "./notice";

interface Props {
  label: string;
  selected: string;
  onSelect: (path: string) => void;
}

interface Node extends Folder {
  level: number;
  open: boolean;
}

export function FolderTree({ label, selected, onSelect }: Props) {
  const { nodes, error, toggle, reload } = useFolders();
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const focus = (place: number): void => {
    const next = Math.min(nodes.length - 1, Math.max(0, place));
    setActive(next);
    list.current?.querySelectorAll<HTMLElement>("[role=treeitem]")[next]?.focus();
  };
  const press = (event: KeyboardEvent, place: number): void => {
    const node = nodes[place]!;
    const acts: Record<string, () => void> = {
      ArrowDown: () => focus(place + 1),
      ArrowUp: () => focus(place - 1),
      ArrowRight: () => (node.open ? focus(place + 1) : toggle(node)),
      ArrowLeft: () => (node.open ? toggle(node) : focus(parentOf(nodes, place))),
      Home: () => focus(0),
      End: () => focus(nodes.length - 1),
      Enter: () => onSelect(node.path),
      " ": () => onSelect(node.path),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  if (error) return <ErrorNotice error={error} onRetry={reload} />;
  if (nodes.length === 0) return <p class="quiet">{t("limit.none")}</p>;
  return (
    <ul class="tree" role="tree" aria-label={label} ref={list}>
      {nodes.map((node, place) => (
        <li
          key={node.path}
          role="treeitem"
          aria-level={node.level}
          aria-expanded={node.open}
          aria-selected={node.path === selected}
          tabIndex={place === Math.min(active, nodes.length - 1) ? 0 : -1}
          style={{ "--level": node.level - 1 }}
          onKeyDown={(event) => press(event, place)}
          onClick={() => {
            setActive(place);
            onSelect(node.path);
          }}
        >
          <span
            class={`tree-twig ${node.open ? "is-open" : ""}`}
            onClick={(event) => {
              event.stopPropagation();
              toggle(node);
            }}
          >
            <Icon name="forward" />
          </span>
          <span class="tree-name">{node.name}</span>
          <span class="tree-count">{number(node.videos)}</span>
        </li>
      ))}
    </ul>
  );
}

function parentOf(nodes: readonly Node[], place: number): number {
  const level = nodes[place]!.level;
  for (let at = place - 1; at >= 0; at--) if (nodes[at]!.level < level) return at;
  return place;
}

function useFolders() {
  const [nodes, setNodes] = useState<readonly Node[]>([]);
  const [error, setError] = useState<unknown>(null);
  const load = async (path: string, level: number): Promise<Node[]> => {
    try {
      return (await foldersUnder(path)).map((folder) => ({ ...folder, level, open: false }));
    } catch (failure) {
      setError(failure);
      return [];
    }
  };
  const reload = (): void => {
    setError(null);
    void load("", 1).then(setNodes);
  };
  useEffect(reload, []);
  const toggle = async (node: Node): Promise<void> => {
    const below = node.open ? [] : await load(node.path, node.level + 1);
    setNodes((before) => {
      const place = before.findIndex((one) => one.path === node.path);
      let end = place + 1;
      while (end < before.length && before[end]!.level > node.level) end++;
      const opened = { ...node, open: !node.open };
      return [...before.slice(0, place), opened, ...below, ...before.slice(end)];
    });
  };
  return { nodes, error, toggle, reload };
}
