import Box from "@cloudscape-design/components/box";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import { listTables } from "../../api/tables";
import { useResource } from "../../api/use";
import { Waiting } from "../../components/feedback/Loaded";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { useRoute } from "../../shell/route";
import { EditRow, NewRow } from "./Edit";
import { Rows } from "./Rows";

/** `#/tables/employees`, `#/tables/employees/new` and `#/tables/employees/row/7`. */
export default function Tables() {
  const { rest } = useRoute();
  const { data: tables, error, reload } = useResource(listTables, []);
  if (error || !tables) {
    return (
      <ContentLayout header={<Header variant="h1">Tables</Header>}>
        {error ? <ProblemAlert error={error} header="The tables could not be read" onRetry={reload} /> : <Waiting />}
      </ContentLayout>
    );
  }
  const [name, what, id] = rest;
  const table = name === undefined ? tables[0] : tables.find((one) => one.name === name);
  if (!table) {
    return (
      <ContentLayout header={<Header variant="h1">Tables</Header>}>
        <Box textAlign="center" padding="xxl" color="text-body-secondary">
          {tables.length === 0
            ? "Your account sees no table yet. Ask an operator which ones are for you."
            : `There is no table ${name}, or your account does not see it.`}
        </Box>
      </ContentLayout>
    );
  }
  if (what === "new") {
    return <NewRow key={table.name} table={table} tables={tables} />;
  }
  if (what === "row" && id !== undefined) {
    return <EditRow key={`${table.name}/${id}`} table={table} tables={tables} id={id} />;
  }
  return <Rows key={table.name} table={table} tables={tables} />;
}
