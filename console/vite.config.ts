import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The people's door, for `npm run dev`: ROWGATE_PEOPLE_URL as `.local/env` has it.
const door = process.env.ROWGATE_PEOPLE_URL;
const paths =
  "^/(accounts|activity|audit|backups|docs|insert_data|loads|login|logout|me|openapi.json|outliers|refresh|register|reports|restores|status|tables|uploads)([/?]|$)";

export default defineConfig({
  plugins: [react()],
  // The page is at `<door>/console` and its files are below it: every link is relative to the page.
  base: "./",
  build: {
    assetsDir: "console/assets",
    // A strict content security policy takes no data: fonts or scripts.
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    target: "es2022",
  },
  server: door ? { proxy: { [paths]: { target: door, changeOrigin: true } } } : {},
});
