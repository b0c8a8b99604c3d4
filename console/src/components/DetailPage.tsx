import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import type { ReactNode } from "react";

interface Props {
  /** The pages above this one. */
  above: readonly { text: string; href: string }[];
  title: string;
  /** The name of the page in the breadcrumbs, if it is not the title. */
  name?: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page about one thing, below the list that it comes from. */
export function DetailPage({ above, title, name = title, description, actions, children }: Props) {
  return (
    <ContentLayout
      breadcrumbs={<BreadcrumbGroup items={[...above, { text: name, href: "" }]} />}
      header={
        <Header variant="h1" description={description} actions={actions}>
          {title}
        </Header>
      }
    >
      {children}
    </ContentLayout>
  );
}
