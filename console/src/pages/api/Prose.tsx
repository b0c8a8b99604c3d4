import Box from "@cloudscape-design/components/box";
import { Fragment } from "react";

/** Text of the document, with text between backticks as code. */
export function Prose({ text }: { text: string }) {
  return (
    <>
      {text.split("`").map((part, index) =>
        index % 2 === 1 ? (
          <Box key={index} variant="code">
            {part}
          </Box>
        ) : (
          <Fragment key={index}>{part}</Fragment>
        ),
      )}
    </>
  );
}
