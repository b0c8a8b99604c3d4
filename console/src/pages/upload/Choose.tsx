import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FileDropzone from "@cloudscape-design/components/file-dropzone";
import FileInput from "@cloudscape-design/components/file-input";
import FileTokenGroup from "@cloudscape-design/components/file-token-group";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useState } from "react";
import type { Mode, Table } from "../../api/types";
import { bytes } from "../../components/format";
import { MODES } from "../../verdict/words";
import { ACCEPT, fileFault } from "./file";
import { type Work, withoutCheck } from "./work";

interface Props {
  tables: Table[] | null;
  work: Work;
  setWork: (change: (work: Work) => Work) => void;
  file: File | null;
  onFile: (file: File | null) => void;
}

/** Which table, how, and which file. */
export function Choose({ tables, work, setWork, file, onFile }: Props) {
  const [refused, setRefused] = useState<{ file: File; why: string } | null>(null);
  const options = (tables ?? []).map((table) => ({
    value: table.name,
    label: table.name,
    description: table.description,
  }));

  const take = (files: File[]) => {
    const chosen = files[0];
    if (!chosen) {
      return;
    }
    const why = files.length > 1 ? "Choose one file at a time." : fileFault({ name: chosen.name, size: chosen.size });
    setRefused(why ? { file: chosen, why } : null);
    onFile(why ? null : chosen);
  };

  const shown = refused?.file ?? file;
  return (
    <Container header={<Header variant="h2">What to load</Header>}>
      <SpaceBetween size="l">
        <FormField label="Table" description="Where the rows go.">
          <Select
            selectedOption={options.find((option) => option.value === work.table) ?? null}
            options={options}
            onChange={({ detail }) =>
              setWork((work) => ({ ...withoutCheck(work), table: detail.selectedOption.value ?? null, agreed: false }))
            }
            statusType={tables === null ? "loading" : "finished"}
            loadingText="Reading the tables"
            placeholder="Choose a table"
            filteringType={options.length > 10 ? "auto" : "none"}
            empty="Your account sees no table. Ask an operator for one."
          />
        </FormField>
        <FormField label="What becomes of rows that are there" stretch>
          <Tiles
            value={work.mode}
            onChange={({ detail }) => setWork((work) => ({ ...work, mode: detail.value as Mode, agreed: false }))}
            columns={3}
            items={(Object.keys(MODES) as Mode[]).map((mode) => ({ value: mode, ...MODES[mode] }))}
            ariaLabel="What becomes of rows that are there"
          />
        </FormField>
        {work.mode === "replace" && (
          <Alert type="warning" header={`Every row of ${work.table ?? "the table"} will be replaced`}>
            <SpaceBetween size="xs">
              <span>
                Rows that the file does not have are gone afterwards. One wrong row in the file stops it, and the table
                stays as it is.
              </span>
              <Checkbox
                checked={work.agreed}
                onChange={({ detail }) => setWork((work) => ({ ...work, agreed: detail.checked }))}
              >
                Replace all rows of {work.table ?? "the table"}
              </Checkbox>
            </SpaceBetween>
          </Alert>
        )}
        <FormField label="File" stretch>
          <SpaceBetween size="s">
            <FileDropzone onChange={({ detail }) => take(detail.value)}>
              <FileInput
                value={[]}
                onChange={({ detail }) => take(detail.value)}
                accept={ACCEPT}
                ariaLabel="Choose a file"
              >
                Choose a file, or drop it here
              </FileInput>
            </FileDropzone>
            {shown && (
              <FileTokenGroup
                items={[{ file: shown, errorText: refused?.why }]}
                showFileSize
                onDismiss={() => {
                  setRefused(null);
                  onFile(null);
                }}
                i18nStrings={{
                  removeFileAriaLabel: (_index, name) => `Take ${name} away`,
                  errorIconAriaLabel: "Error",
                  formatFileSize: bytes,
                }}
              />
            )}
          </SpaceBetween>
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
