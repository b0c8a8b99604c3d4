import { closeSync, existsSync, openSync, readSync } from "node:fs";
import * as path from "node:path";

import { Architecture } from "aws-cdk-lib/aws-lambda";

import type { Settings } from "./settings";
import { SettingsError } from "./values";

/**
 * The number of a processor in the header of a program, at byte 18, and the flag that builds for
 * it. ELF: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
 */
const PROCESSORS = [
  { architecture: Architecture.ARM_64, machine: 183, flag: "--arm64" },
  { architecture: Architecture.X86_64, machine: 62, flag: "--x86-64" },
] as const;

/** Refuses a package without one of the files that its function needs beside its `bootstrap`. */
export function requireArtifact(settings: Settings, packageName: string, name: string, how: string): void {
  const found = path.join(settings.artifacts, packageName, name);
  if (!existsSync(found)) {
    throw new SettingsError(`${found} is missing; ${how}`);
  }
}

/**
 * The folder of a package's `bootstrap`.
 *
 * Without these checks CDK would report a missing asset with a stack trace, or worse, upload what
 * cannot run, which fails at the first invocation only.
 */
export function artifactFolder({ artifacts, architecture }: Settings, packageName: string): string {
  const folder = path.join(artifacts, packageName);
  const bootstrap = path.join(folder, "bootstrap");
  const wanted = PROCESSORS.find((one) => one.architecture === architecture);
  const remedy =
    `build it with "cargo lambda build --release ${wanted?.flag} --bin ${packageName}", ` +
    'or name the folder of the binaries with "-c artifacts=<folder>"';
  if (!existsSync(bootstrap)) {
    throw new SettingsError(`${bootstrap} is missing; ${remedy}`);
  }
  const machine = machineOf(bootstrap);
  if (machine !== wanted?.machine) {
    const found = PROCESSORS.find((one) => one.machine === machine);
    const is = found ? `is for ${found.architecture.name}` : "is no program of Linux for a processor that AWS has";
    throw new SettingsError(`${bootstrap} ${is}, and architecture is ${architecture.name}; ${remedy}`);
  }
  return folder;
}

/** The number of the processor of a program, if the file is one. */
function machineOf(program: string): number | undefined {
  const header = Buffer.alloc(20);
  const file = openSync(program, "r");
  try {
    const bytes = readSync(file, header, 0, header.length, 0);
    const isProgram = bytes === header.length && header.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"));
    return isProgram ? header.readUInt16LE(18) : undefined;
  } finally {
    closeSync(file);
  }
}
