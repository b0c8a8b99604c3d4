import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { DataTable } from "../../components/list/DataTable";
import { type Json, type Operation, schemaLines, typeName } from "./openapi";
import { Prose } from "./Prose";
import { useSession } from "../../session";
import { Schema } from "./Schema";
import { Try } from "./Try";

/** One operation: its input, its answers, and a form to try it. */
export function OperationView({ document, operation }: { document: Json; operation: Operation }) {
  const { can } = useSession();
  return (
    <SpaceBetween size="m">
      {operation.description !== "" && (
        <Box variant="p">
          <Prose text={operation.description} />
        </Box>
      )}
      <Tabs
        ariaLabel={`${operation.method} ${operation.path}`}
        tabs={[
          {
            id: "takes",
            label: "Takes",
            content: <Takes document={document} operation={operation} />,
          },
          {
            id: "answers",
            label: "Answers",
            content: <Answers document={document} operation={operation} />,
          },
          ...(can(operation.right)
            ? [{ id: "try", label: "Try it", content: <Try document={document} operation={operation} /> }]
            : []),
        ]}
      />
      {!can(operation.right) && (
        <Box color="text-body-secondary" fontSize="body-s">
          To call it, an account needs the group {operation.right === "operate" ? "operator" : "writer"}.
        </Box>
      )}
    </SpaceBetween>
  );
}

function Takes({ document, operation }: { document: Json; operation: Operation }) {
  if (operation.parameters.length === 0 && operation.body === null) {
    return <Box color="text-body-secondary">Nothing but the token.</Box>;
  }
  return (
    <SpaceBetween size="m">
      {operation.parameters.length > 0 && (
        <DataTable
          label="Parameters"
          variant="borderless"
          items={operation.parameters}
          id={(one) => `${one.in}:${one.name}`}
          empty="None."
          header={<Header variant="h3">Parameters</Header>}
          columns={[
            {
              id: "name",
              header: "Name",
              title: true,
              cell: (one) => (
                <>
                  <Box variant="code">{one.name}</Box>
                  {one.required && (
                    <Box color="text-body-secondary" fontSize="body-s">
                      required
                    </Box>
                  )}
                </>
              ),
            },
            { id: "in", header: "In", cell: (one) => one.in },
            { id: "type", header: "Holds", cell: (one) => typeName(document, one.schema) },
            { id: "description", header: "What", wide: true, cell: (one) => <Prose text={one.description} /> },
          ]}
        />
      )}
      {operation.body && (
        <div>
          <Box variant="h3">Body</Box>
          <Box variant="p">
            <Prose text={operation.body.description} />
          </Box>
          <Schema
            label="Body"
            name={typeName(document, operation.body.schema)}
            lines={schemaLines(document, operation.body.schema)}
          />
        </div>
      )}
    </SpaceBetween>
  );
}

function Answers({ document, operation }: { document: Json; operation: Operation }) {
  return (
    <SpaceBetween size="m">
      {operation.answers.map(({ status, description, types }) => (
        <div key={status}>
          <Box variant="h3">{status}</Box>
          <Box variant="p">
            <Prose text={description} />
          </Box>
          {types.map(({ type, schema }) => (
            <Schema
              key={type}
              label={`${status} as ${type}`}
              name={`${type}: ${typeName(document, schema)}`}
              lines={Number(status) < 400 ? schemaLines(document, schema) : []}
            />
          ))}
        </div>
      ))}
    </SpaceBetween>
  );
}
