interface Source {
  source?: string;
}

/**
 * Parses JSON; whole numbers that a JavaScript number cannot hold exactly become text instead of
 * another number.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_key: string, value: unknown, context?: Source) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? context?.source
      : value,
  );
}
