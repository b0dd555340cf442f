/** How the browser shows a question. Pictures that it cannot read are converted by the service. */

import { call } from "../api/client";
import type { Size } from "../model/region";

export interface Preview {
  /** A `blob:` address. Empty: nothing can be shown. */
  address: string;
  /** Of the upright picture or the film, in its pixels; null where it is not known. */
  size: Size | null;
}

const NOTHING: Preview = { address: "", size: null };

export async function previewOf(blob: Blob): Promise<Preview> {
  if (blob.type.startsWith("video/")) return { address: URL.createObjectURL(blob), size: null };
  return (await shownBy(blob)) ?? (await converted(blob)) ?? NOTHING;
}

async function converted(blob: Blob): Promise<Preview | null> {
  try {
    const response = await call("/v1/pictures/preview", { method: "POST", body: blob });
    return await shownBy(await response.blob());
  } catch {
    return null; // the answer to the question itself says why
  }
}

async function shownBy(blob: Blob): Promise<Preview | null> {
  const address = URL.createObjectURL(blob);
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
    return { address, size: { width: image.naturalWidth, height: image.naturalHeight } };
  } catch {
    URL.revokeObjectURL(address);
    return null;
  }
}
