import { createHash } from "node:crypto";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// The people's door, for `npm run dev`: ROWGATE_PEOPLE_URL as `.local/env` has it.
const door = process.env.ROWGATE_PEOPLE_URL;
const paths =
  "^/(accounts|activity|audit|backups|docs|insert_data|loads|login|logout|me|openapi.json|outliers|refresh|register|reports|restores|status|tables|uploads)([/?]|$)";

const ASSETS = "console/assets";

// Cloudscape's fonts are in its style sheet as data: URLs. Files of their own are only fetched
// where their characters are shown, need no base64, and no exception in the content security
// policy.
const fontFiles: Plugin = {
  name: "font-files",
  enforce: "post",
  generateBundle(_options, bundle) {
    for (const asset of Object.values(bundle)) {
      if (asset.type === "asset" && asset.fileName.endsWith(".css")) {
        asset.source = String(asset.source).replace(
          /url\(["']?data:font\/woff2;base64,([A-Za-z0-9+/=]+)["']?\)/g,
          (_url, base64: string) => {
            const source = Buffer.from(base64, "base64");
            const name = `font-${createHash("sha256").update(source).digest("hex").slice(0, 8)}.woff2`;
            this.emitFile({ type: "asset", fileName: `${ASSETS}/${name}`, source });
            return `url(./${name})`;
          },
        );
      }
    }
  },
};

export default defineConfig({
  plugins: [react(), fontFiles],
  // The page is at `<door>/console` and its files are below it: every link is relative to the page.
  base: "./",
  build: {
    assetsDir: ASSETS,
    // A strict content security policy takes no data: fonts or scripts.
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    target: "es2022",
    rolldownOptions: {
      output: {
        // Code shared by several pages goes into one file: each further file is another request to
        // the function.
        codeSplitting: { groups: [{ name: "shared", minShareCount: 3 }] },
      },
    },
  },
  server: door ? { proxy: { [paths]: { target: door, changeOrigin: true } } } : {},
});
