import Box from "@cloudscape-design/components/box";
import { DataTable } from "../../components/list/DataTable";
import type { SchemaLine } from "./openapi";
import { Prose } from "./Prose";

/** The members of a schema, nested ones with a dot for each level. */
export function Schema({ label, name, lines }: { label: string; name: string; lines: readonly SchemaLine[] }) {
  if (lines.length === 0) {
    return <Box color="text-body-secondary">{name}</Box>;
  }
  return (
    <DataTable
      label={label}
      variant="borderless"
      items={lines.map((line, index) => ({ ...line, id: String(index) }))}
      id={({ id }) => id}
      empty=""
      columns={[
        {
          id: "name",
          header: name,
          title: true,
          minWidth: 240,
          cell: (line) => (
            <>
              <Box variant="code">
                {"· ".repeat(line.depth)}
                {line.name}
              </Box>
              {line.required && (
                <Box variant="span" color="text-body-secondary" fontSize="body-s">
                  {" "}
                  required
                </Box>
              )}
            </>
          ),
        },
        { id: "type", header: "Holds", cell: (line) => line.type },
        { id: "what", header: "What", wide: true, cell: (line) => <Prose text={line.description} /> },
      ]}
    />
  );
}
