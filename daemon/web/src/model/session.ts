/** Whether the service still knows this browser. */

import { signal } from "@preact/signals";

export const sessionEnded = signal(false);
