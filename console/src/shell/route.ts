import { useCallback, useMemo, useSyncExternalStore } from "react";

export interface Route {
  /** The page: the first segment of `#/loads/5f0c?status=failed`. */
  page: string;
  /** The segments after it, decoded. */
  rest: string[];
  params: URLSearchParams;
}

/** Reads a location's hash. */
export function parseHash(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/").filter((segment) => segment !== "");
  return { page, rest: rest.map(decode), params: new URLSearchParams(query) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Writes a link to a page of the console: `href(["loads", id], { status: "failed" })`. */
export function href(path: (string | number)[], params: Record<string, string | null | undefined> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value) {
      query.set(name, value);
    }
  }
  const text = query.toString();
  return `#/${path.map((segment) => encodeURIComponent(String(segment))).join("/")}${text ? `?${text}` : ""}`;
}

/** Goes to a link that `href` wrote; `replace` leaves no entry in the history. */
export function navigate(link: string, replace = false): void {
  if (replace) {
    window.history.replaceState(null, "", link);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    window.location.hash = link.replace(/^#/, "");
  }
}

const subscribe = (listener: () => void) => {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
};

export interface UseRoute extends Route {
  /** Changes parameters in place (null takes one away), so that a link and a reload keep them. */
  setParams: (changes: Record<string, string | null | undefined>) => void;
}

export function useRoute(): UseRoute {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  const route = useMemo(() => parseHash(hash), [hash]);
  const setParams = useCallback((changes: Record<string, string | null | undefined>) => {
    const now = parseHash(window.location.hash);
    navigate(href([now.page, ...now.rest], { ...Object.fromEntries(now.params), ...changes }), true);
  }, []);
  return { ...route, setParams };
}
