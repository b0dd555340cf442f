/** File paths: the name, and where it lies. */

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

/** The folder of a path, relative to the watched folder that it lies in where there is one. */
export function folderOf(path: string, roots: readonly string[] = []): string {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const root = roots.find((one) => folder === one || folder.startsWith(`${one}/`));
  if (root === undefined) return folder;
  return [fileName(root), folder.slice(root.length + 1)].filter(Boolean).join("/");
}
