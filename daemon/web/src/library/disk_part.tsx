/** What the library takes on the disk. */

import { share } from "../model/grouping";
import { useRead } from "../model/use_read";
import { ErrorNotice } from "../parts/notice";
import { bytes, t } from "../texts/texts";
import type { TextKey } from "../texts/en";

const FREE = "free_bytes";

export function DiskPart() {
  const { value, error, again } = useRead<Record<string, number>>("/v1/disk", ["index"]);
  const parts = Object.entries(value ?? {})
    .filter(([name, size]) => name.endsWith("_bytes") && name !== FREE && size > 0)
    .sort(([, one], [, other]) => other - one);
  const whole = parts.reduce((sum, [, size]) => sum + size, 0);
  return (
    <section class="card" aria-labelledby="disk">
      <h2 id="disk">{t("service.disk")}</h2>
      {error !== null && <ErrorNotice error={error} onRetry={again} />}
      {value && (
        <>
          <p>
            {t("disk.used", { used: bytes(whole) })}
            {value[FREE] !== undefined && ` · ${t("disk.free", { free: bytes(value[FREE]) })}`}
          </p>
          <div class="disk-bar" aria-hidden="true">
            {parts.map(([name, size], place) => (
              <i key={name} class={`tint-${place % 6}`} style={{ width: `${share(0, size, whole, 0.3).width}%` }} />
            ))}
          </div>
          <ul class="disk-parts">
            {parts.map(([name, size], place) => (
              <li key={name}>
                <i class={`tint-${place % 6}`} aria-hidden="true" />
                <span>{t(`disk.${name}` as TextKey).replace(/^disk\.(.*)_bytes$/, "$1")}</span>
                <span class="figures">{bytes(size)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
