import { useRoute } from "../../shell/route";

export interface Paged {
  /** The key after which the page begins; empty for the first one. */
  after: string;
  /** The keys after which the earlier pages began, the first page's empty. */
  trail: readonly string[];
  onMove: (after: string, trail: readonly string[]) => void;
}

/** Changes of the link that go back to the first page of a list. */
export const FIRST_PAGE = { after: null, trail: null };

/**
 * Returns the page of a list that the link names. A second list of a page has a `name` of its own.
 */
export function usePaged(name?: string): Paged {
  const { params, setParams } = useRoute();
  const [ofAfter, ofTrail] = name ? [name, `${name}-trail`] : ["after", "trail"];
  return {
    after: params.get(ofAfter) ?? "",
    trail: readTrail(params.get(ofTrail)),
    onMove: (after, trail) => setParams({ [ofAfter]: after || null, [ofTrail]: writeTrail(trail) }),
  };
}

/** Reads a trail, which a link joins by commas. */
function readTrail(text: string | null): string[] {
  return text === null || text === "" ? [] : text.split(",").map((part) => (part === "-" ? "" : part));
}

function writeTrail(trail: readonly string[]): string | null {
  return trail.length === 0 ? null : trail.map((part) => (part === "" ? "-" : part)).join(",");
}
