/** What the library takes on the disk. */

import { share } from "../model/grouping";
import { useRead } from "../model/use_read";
import { ErrorNotice } from "../parts/notice";
import { bytes, t } from "../texts/texts";
import type { TextKey } from "../texts/en";

/** Bytes. */
interface DiskUse {
  store: number;
  parts: Record<string, number>;
  indices: number;
  models: number;
  free: number;
}

export function DiskPart() {
  const { value, error, again } = useRead<DiskUse>("/v1/disk", ["index"]);
  const found: Record<string, number> = value ? { ...value.parts, indices: value.indices, models: value.models } : {};
  const parts = Object.entries(found)
    .filter(([, size]) => size > 0)
    .sort(([, one], [, other]) => other - one);
  const whole = parts.reduce((sum, [, size]) => sum + size, 0);
  return (
    <section class="card" aria-labelledby="disk">
      <h2 id="disk">{t("service.disk")}</h2>
      {error !== null && <ErrorNotice error={error} onRetry={again} />}
      {value && (
        <>
          <p>
            {t("disk.used", { used: bytes(whole) })} · {t("disk.free", { free: bytes(value.free) })}
          </p>
          <div class="disk-bar" aria-hidden="true">
            {parts.map(([name, size], place) => (
              <i key={name} class={`tint-${place % 8}`} style={{ width: `${share(0, size, whole, 0.3).width}%` }} />
            ))}
          </div>
          <ul class="disk-parts">
            {parts.map(([name, size], place) => (
              <li key={name}>
                <i class={`tint-${place % 8}`} aria-hidden="true" />
                <span>{t(name === "other" ? "disk.rest" : (`disk.${name}` as TextKey))}</span>
                <span class="figures">{bytes(size)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
