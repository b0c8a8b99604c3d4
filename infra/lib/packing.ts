import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import * as path from "node:path";

import { AssetHashType, DockerImage } from "aws-cdk-lib";
import type { AssetOptions } from "aws-cdk-lib/aws-s3-assets";

/**
 * The options of an asset that `fill` puts together in an empty folder. Its hash depends on the
 * files in that folder alone, not on other files beside their originals or on times.
 */
export function packed(fill: (folder: string) => void): AssetOptions {
  return {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK asks for an image, which it never starts where `local` has done the work.
      image: DockerImage.fromRegistry("none"),
      local: {
        tryBundle: (folder) => {
          fill(folder);
          return true;
        },
      },
    },
  };
}

/**
 * Copies the files of a folder that end in `ending`, with the folders that they are in; nothing
 * where there is no such folder.
 */
export function copyFiles(from: string, to: string, ending: string): void {
  if (!existsSync(from)) {
    return;
  }
  const names = readdirSync(from, { encoding: "utf8", recursive: true }).filter((name) => name.endsWith(ending));
  for (const name of names.sort()) {
    mkdirSync(path.dirname(path.join(to, name)), { recursive: true });
    cpSync(path.join(from, name), path.join(to, name));
  }
}
