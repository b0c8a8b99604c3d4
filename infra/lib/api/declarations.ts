import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";

import { DECLARATIONS } from "../sources";

const METHODS = ["delete", "get", "post", "put"];

/** The rate limit of an operation, for all callers together. */
export interface RateLimit {
  /** Steady requests per second. */
  readonly rate: number;
  /** Requests that may arrive at once, above the steady rate. */
  readonly burst: number;
}

/** One method of a path. */
export interface Route {
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  /** The function that answers, without `rowgate-`. */
  readonly target: string;
  /** True if only people may call it, and not programs. */
  readonly peopleOnly: boolean;
  /** True if anybody may call it. */
  readonly open: boolean;
  /** The rate limit for people, if it is lower than for the rest. */
  readonly limit: RateLimit | undefined;
}

/** A kind of problem (RFC 9457) that API Gateway answers with by itself. */
export interface GatewayProblem {
  readonly status: number;
  /** As in `urn:rowgate:problem:<kind>`. */
  readonly kind: string;
  readonly title: string;
  /** The detail, by the gateway's name of the answer. */
  readonly details: Readonly<Record<string, string>>;
}

interface PathItem {
  readonly "x-rowgate-function": string;
  readonly "x-rowgate-door"?: string;
  readonly [method: string]: unknown;
}

interface Operation {
  readonly security?: readonly unknown[];
  readonly "x-rowgate-limit"?: RateLimit;
}

/** Reads every declared route of the API. */
export function readRoutes(): Route[] {
  const files = readdirSync(DECLARATIONS).sort().map(readDeclaration);
  const paths = files.flatMap(({ paths }) => Object.entries((paths ?? {}) as Record<string, PathItem>));
  return paths.flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => {
      const operation = item[method] as Operation;
      return {
        method: method.toUpperCase(),
        path,
        target: item["x-rowgate-function"],
        peopleOnly: item["x-rowgate-door"] === "people",
        open: operation.security?.length === 0,
        limit: operation["x-rowgate-limit"],
      };
    }),
  );
}

/** Reads what API Gateway answers by itself. */
export function readGatewayProblems(): GatewayProblem[] {
  return readDeclaration("problems.yaml")["gateway"] as GatewayProblem[];
}

/**
 * Reads declarations of the API, in OpenAPI with members of our own. The document that the API
 * serves is made from them as well.
 */
function readDeclaration(file: string): Record<string, unknown> {
  return parse(readFileSync(path.join(DECLARATIONS, file), "utf8"));
}
