import { defineConfig } from "vitest/config";

declare const process: { env: Record<string, string | undefined> };

/** While developing: `CBVIR_SOCKET=/path/to/cbvir.sock npm run dev` hands calls on to a running service. */
const socketPath = process.env["CBVIR_SOCKET"];

export default defineConfig({
  base: "/",
  build: {
    outDir: "../cbvird/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: socketPath
    ? { proxy: { "/v1": { target: { socketPath, host: "localhost" } as never, changeOrigin: true } } }
    : {},
  test: { include: ["tests/**/*.test.ts"] },
});
