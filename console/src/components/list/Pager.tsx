import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";

interface Props {
  /** The id after which the next page begins; `null` on the last one. */
  next: string | number | null | undefined;
  /**
   * The ids after which the earlier pages began, the first page's empty; joined by commas in the
   * link.
   */
  trail: readonly string[];
  after: string;
  onMove: (after: string, trail: readonly string[]) => void;
  loading?: boolean;
}

/** Moves between the pages of a list that is read by key; nothing where there is but one. */
export function Pager({ next, trail, after, onMove, loading }: Props) {
  const more = next !== null && next !== undefined;
  if (!more && trail.length === 0) {
    return null;
  }
  return (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      <Button
        iconName="angle-left"
        variant="icon"
        ariaLabel="Previous page"
        disabled={trail.length === 0 || loading}
        onClick={() => onMove(trail.at(-1) ?? "", trail.slice(0, -1))}
      />
      <Box color="text-body-secondary">Page {trail.length + 1}</Box>
      <Button
        iconName="angle-right"
        variant="icon"
        ariaLabel="Next page"
        disabled={!more || loading}
        onClick={() => onMove(String(next), [...trail, after])}
      />
    </SpaceBetween>
  );
}

/** Reads the trail that a link has. */
export function readTrail(text: string | null): string[] {
  return text === null || text === "" ? [] : text.split(",").map((part) => (part === "-" ? "" : part));
}

/** Writes a trail for a link. */
export function writeTrail(trail: readonly string[]): string | null {
  return trail.length === 0 ? null : trail.map((part) => (part === "" ? "-" : part)).join(",");
}
