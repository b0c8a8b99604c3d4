import Box from "@cloudscape-design/components/box";
import Icon from "@cloudscape-design/components/icon";

/** The error of a field, under its value. */
export function ErrorText({ children }: { children: string }) {
  return (
    <Box color="text-status-error" fontSize="body-s">
      <Icon name="status-negative" size="small" ariaLabel="Error" /> {children}
    </Box>
  );
}
