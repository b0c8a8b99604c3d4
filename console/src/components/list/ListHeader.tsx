import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import type { Resource } from "../../api/use";
import { Pager } from "./Pager";
import type { Paged } from "./usePaged";

interface Props {
  title: string;
  counter?: string;
  description?: string;
  list: Pick<Resource<unknown>, "loading" | "reload">;
  /** The pages of a list that is not read as a whole. */
  pages?: { paged: Paged; next: string | number | null | undefined };
  /** The label of the button that reads the list again. */
  again?: string;
  /** Further actions. */
  children?: ReactNode;
}

/** The head of a list: its title, its pages, and the button that reads it again. */
export function ListHeader({ title, counter, description, list, pages, again, children }: Props) {
  return (
    <Header
      variant="h2"
      counter={counter}
      description={description}
      actions={
        <SpaceBetween direction="horizontal" size="xs" alignItems="center">
          {pages && <Pager {...pages} loading={list.loading} />}
          {again && <Button iconName="refresh" ariaLabel={again} loading={list.loading} onClick={list.reload} />}
          {children}
        </SpaceBetween>
      }
    >
      {title}
    </Header>
  );
}
