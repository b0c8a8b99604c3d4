import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useMemo, useState } from "react";
import { apiUrl } from "../../api/client";
import { readOpenApi } from "../../api/service";
import { useResource } from "../../api/use";
import { byTag, type Json, type Operation, operations } from "./openapi";
import { Loaded } from "../../components/feedback/Loaded";
import { save } from "../../components/chart/picture";
import { href, navigate, useRoute } from "../../shell/route";
import { CopyToken } from "./CopyToken";
import { OperationView } from "./OperationView";

/** The API's document, to read and to try: `#/api/listRows?q=rows`. */
export default function Api() {
  const { rest, params, setParams } = useRoute();
  const read = useResource(readOpenApi, []);
  const { data } = read;
  const all = useMemo(() => (data ? operations(data as Json) : []), [data]);
  const query = params.get("q") ?? "";
  const found = useMemo(() => all.filter((one) => matches(one, query)), [all, query]);
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={
            <span className="words">
              {`What programs can ask, and how. Calls go to ${apiUrl("").replace(/\/$/, "")} with the token of this session.`}
            </span>
          }
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <CopyToken />
              <Button
                iconName="download"
                disabled={!data}
                onClick={() =>
                  save(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }), "rowgate-openapi.json")
                }
              >
                OpenAPI
              </Button>
            </SpaceBetween>
          }
        >
          API
        </Header>
      }
    >
      <Loaded resource={read} header="The document could not be read">
        {(document) => (
          <>
            <TextFilter
              filteringText={query}
              filteringPlaceholder="Find an operation"
              filteringAriaLabel="Find an operation"
              countText={query === "" ? "" : `${found.length} found`}
              onChange={({ detail }) => setParams({ q: detail.filteringText })}
            />
            {found.length === 0 && (
              <Box textAlign="center" color="text-body-secondary">
                No operation has this in its name, path or description.
              </Box>
            )}
            {[...byTag(found)].map(([tag, list]) => (
              <SpaceBetween key={tag} size="xs">
                <Box variant="h2">{tag}</Box>
                {list.map((operation) => (
                  <Section
                    key={operation.id}
                    document={document as Json}
                    operation={operation}
                    open={rest[0] === operation.id}
                  />
                ))}
              </SpaceBetween>
            ))}
          </>
        )}
      </Loaded>
    </ContentLayout>
  );
}

function matches({ id, path, method, summary, description, tag }: Operation, query: string): boolean {
  const text = [id, method, path, summary, description, tag].join(" ").toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const COLORS = { GET: "blue", POST: "green", PUT: "severity-medium", DELETE: "red" } as const;

function Section({ document, operation, open }: { document: Json; operation: Operation; open: boolean }) {
  const [expanded, setExpanded] = useState(open);
  const color = COLORS[operation.method as keyof typeof COLORS] ?? "grey";
  return (
    <ExpandableSection
      variant="container"
      expanded={expanded}
      onChange={({ detail }) => {
        setExpanded(detail.expanded);
        if (detail.expanded) {
          navigate(
            href(["api", operation.id], Object.fromEntries(new URLSearchParams(window.location.hash.split("?")[1]))),
            true,
          );
        }
      }}
      headerText={
        <>
          <Badge color={color}>{operation.method}</Badge> {operation.path}
        </>
      }
      headerDescription={operation.summary}
      headingTagOverride="h3"
    >
      {expanded && <OperationView document={document} operation={operation} />}
    </ExpandableSection>
  );
}
