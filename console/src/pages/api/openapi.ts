// Reads an OpenAPI document for people: operations by tag, schemas as lines, and commands to copy.

import type { Right } from "../../api/types";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description: string;
  readonly schema: Json;
}

export interface Answer {
  readonly status: string;
  readonly description: string;
  readonly types: readonly { readonly type: string; readonly schema: Json }[];
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly description: string; readonly required: boolean; readonly schema: Json } | null;
  readonly answers: readonly Answer[];
  /** The right that it asks for. */
  readonly right: Right;
}

/** One line of a schema: a member, its depth, and its type. */
export interface SchemaLine {
  readonly depth: number;
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** The right that an operation asks for, by its `x-rowgate-right`; an operation may have none. */
const RIGHTS: ReadonlyMap<Json | undefined, Right> = new Map<Json | undefined, Right>([
  [undefined, "read"],
  ["account", "read"],
  ["reader", "read"],
  ["writer", "write"],
]);
const METHODS = ["get", "post", "put", "patch", "delete"];
/** Schemas that are nested deeper are not read any more. */
const DEEPEST = 6;

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Follows a `$ref` within the document. */
export function resolve(document: Json, value: Json | undefined): Json {
  let found: Json = value ?? {};
  for (let steps = 0; steps < DEEPEST; steps += 1) {
    const reference = text(object(found).$ref);
    if (!reference.startsWith("#/")) {
      return found;
    }
    found = reference
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<Json>((at, part) => object(at)[part] ?? {}, document);
  }
  return found;
}

/** The operations of a document in its order. */
export function operations(document: Json): Operation[] {
  return Object.entries(object(object(document).paths)).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const found = object(item)[method];
      if (!isObject(found)) {
        return [];
      }
      const given = [...list(object(item).parameters), ...list(found.parameters)];
      const body = found.requestBody === undefined ? null : object(resolve(document, found.requestBody));
      return [
        {
          id: text(found.operationId) || `${method}-${path}`,
          method: method.toUpperCase(),
          path,
          tag: text(list(found.tags)[0]) || "Other",
          summary: text(found.summary),
          description: text(found.description),
          parameters: given.map((one) => parameter(document, one)),
          body: body && {
            description: text(body.description),
            required: body.required === true,
            schema: Object.values(object(body.content)).map((content) => object(content).schema ?? {})[0] ?? {},
          },
          answers: Object.entries(object(found.responses)).map(([status, one]) => answer(document, status, one)),
          // Nobody but operators calls what asks for a right that is not known here.
          right: RIGHTS.get(found["x-rowgate-right"]) ?? "operate",
        },
      ];
    }),
  );
}

function parameter(document: Json, value: Json): Parameter {
  const found = object(resolve(document, value));
  return {
    name: text(found.name),
    in: text(found.in),
    required: found.required === true,
    description: text(found.description),
    schema: found.schema ?? {},
  };
}

function answer(document: Json, status: string, value: Json): Answer {
  const found = object(resolve(document, value));
  return {
    status,
    description: text(found.description),
    types: Object.entries(object(found.content)).map(([type, content]) => ({
      type,
      schema: object(content).schema ?? {},
    })),
  };
}

/** The operations of each tag, in the order in which tags first come. */
export function byTag(found: readonly Operation[]): Map<string, Operation[]> {
  const tags = new Map<string, Operation[]>();
  for (const operation of found) {
    tags.set(operation.tag, [...(tags.get(operation.tag) ?? []), operation]);
  }
  return tags;
}

/** Describes a schema in a few words: `integer, 1 to 1000`, `list of Employees`. */
export function typeName(document: Json, schema: Json | undefined): string {
  const reference = text(object(schema).$ref);
  if (reference) {
    return reference.slice(reference.lastIndexOf("/") + 1);
  }
  const found = object(schema);
  const choices = list(found.oneOf ?? found.anyOf);
  if (choices.length > 0) {
    return [...new Set(choices.map((choice) => typeName(document, choice)))].join(" or ");
  }
  if (found.const !== undefined) {
    return JSON.stringify(found.const);
  }
  const values = list(found.enum);
  if (values.length > 0) {
    return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" | ");
  }
  const types = typeof found.type === "string" ? [found.type] : list(found.type).map(text);
  const words = types.map((type) => {
    if (type === "array") {
      return `list of ${typeName(document, found.items)}`;
    }
    return text(found.format) && type === "string" ? text(found.format) : type;
  });
  const { minimum, maximum, maxLength } = found;
  const range =
    minimum !== undefined && maximum !== undefined
      ? `, ${String(minimum)} to ${String(maximum)}`
      : minimum !== undefined
        ? `, at least ${String(minimum)}`
        : maxLength !== undefined
          ? `, at most ${String(maxLength)} characters`
          : "";
  return (words.join(" or ") || "anything") + range;
}

/** The members of a schema as lines, those of nested objects below theirs. */
export function schemaLines(document: Json, schema: Json | undefined, depth = 0): SchemaLine[] {
  if (depth >= DEEPEST) {
    return [];
  }
  const found = object(resolve(document, schema));
  const types = typeof found.type === "string" ? [found.type] : list(found.type).map(text);
  if (types.includes("array")) {
    return schemaLines(document, found.items, depth);
  }
  const choices = list(found.oneOf ?? found.anyOf).flatMap((part) => {
    const lines = schemaLines(document, part, depth + 1);
    const description = text(object(resolve(document, part)).description);
    return lines.length === 0
      ? []
      : [[{ depth, name: typeName(document, part), type: "one of these", required: false, description }, ...lines]];
  });
  if (choices.length > 1) {
    return choices.flat();
  }
  for (const part of list(found.allOf ?? found.oneOf ?? found.anyOf)) {
    const lines = schemaLines(document, part, depth);
    if (lines.length > 0) {
      return lines;
    }
  }
  const required = list(found.required).map(text);
  const named = Object.entries(object(found.properties)).flatMap(([name, member]) => [
    {
      depth,
      name,
      type: typeName(document, member),
      required: required.includes(name),
      description: text(object(member).description ?? object(resolve(document, member)).description),
    },
    ...schemaLines(document, member, depth + 1),
  ]);
  const others = found.additionalProperties;
  return isObject(others)
    ? [
        ...named,
        {
          depth,
          name: "<name>",
          type: typeName(document, others),
          required: false,
          description: text(others.description),
        },
        ...schemaLines(document, others, depth + 1),
      ]
    : named;
}

/** A value that a schema would take, to begin with. */
export function example(document: Json, schema: Json | undefined, depth = 0): Json {
  const found = object(resolve(document, schema));
  const given = found.example ?? list(found.examples)[0] ?? found.default ?? found.const ?? list(found.enum)[0];
  if (given !== undefined) {
    return given;
  }
  if (depth >= DEEPEST) {
    return null;
  }
  const parts = list(found.oneOf ?? found.anyOf ?? found.allOf);
  if (parts.length > 0) {
    return example(document, parts[0], depth + 1);
  }
  const type = typeof found.type === "string" ? found.type : text(list(found.type)[0]);
  switch (type) {
    case "object":
      return Object.fromEntries(
        Object.entries(object(found.properties)).map(([name, member]) => [name, example(document, member, depth + 1)]),
      );
    case "array":
      return [example(document, found.items, depth + 1)];
    case "integer":
    case "number":
      return typeof found.minimum === "number" ? Math.max(found.minimum, 1) : 1;
    case "boolean":
      return true;
    case "string":
      return "";
    default:
      return null;
  }
}

/** A call that a person has filled in. */
export interface Call {
  readonly method: string;
  /** With the values of the path and the query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Puts the values of an operation's parameters in their places. */
export function call(base: string, operation: Operation, values: Readonly<Record<string, string>>, body: string): Call {
  let path = operation.path;
  const query: string[] = [];
  const headers: Record<string, string> = {};
  for (const { name, in: place } of operation.parameters) {
    const value = values[`${place}:${name}`] ?? "";
    if (place === "path") {
      path = value === "" ? path : path.replace(`{${name}}`, encodeURIComponent(value));
    } else if (value !== "" && place === "query") {
      query.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
    } else if (value !== "" && place === "header") {
      headers[name.toLowerCase()] = value;
    }
  }
  const sent = operation.body !== null && body.trim() !== "";
  if (sent) {
    headers["content-type"] = "application/json";
  }
  return {
    method: operation.method,
    url: `${base.replace(/\/$/, "")}${path}${query.length > 0 ? `?${query.join("&")}` : ""}`,
    headers,
    body: sent ? body : null,
  };
}

/** Quotes a word for a POSIX shell. */
export function shellWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The call as a command of curl. The token is left to the shell's variable, so that none is pasted
 * into a history.
 */
export function curl({ method, url, headers, body }: Call): string {
  const lines = [
    `curl ${method === "GET" ? "" : `-X ${method} `}${shellWord(url)}`,
    `-H "authorization: Bearer $ROWGATE_TOKEN"`,
    ...Object.entries(headers).map(([name, value]) => `-H ${shellWord(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`-d ${shellWord(body)}`]),
  ];
  return lines.join(" \\\n  ");
}
