import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Paged } from "./usePaged";

export interface PagerProps {
  paged: Paged;
  /** The id after which the next page begins; `null` on the last one. */
  next: string | number | null | undefined;
  loading?: boolean;
}

/** Moves between the pages of a list that is read by key; nothing where there is but one. */
export function Pager({ paged: { after, trail, onMove }, next, loading }: PagerProps) {
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
