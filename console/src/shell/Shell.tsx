import AppLayout from "@cloudscape-design/components/app-layout";
import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { ProblemAlert } from "../components/feedback/ProblemAlert";
import { useSession } from "../session";
import { mendAria } from "./aria";
import { ErrorBoundary } from "./ErrorBoundary";
import { Notifications } from "./notifications";
import { type Page, pages } from "./pages";
import { href, navigate, useRoute } from "./route";
import { TopBar } from "./TopBar";

/** From this width on, in pixels, the navigation is beside the page. */
const WIDE = window.matchMedia("(min-width: 1000px)");

const loaded = new Map<string, ComponentType>(pages.map((page) => [page.path, lazy(page.load)]));

/** The frame of every page: top bar, navigation by rights, messages, and the page. */
export function Shell() {
  const { me, can } = useSession();
  const route = useRoute();
  const mine = pages.filter((page) => can(page.right));
  const page = mine.find((page) => page.path === route.page);
  const [open, setOpen] = useState(WIDE.matches);
  const [signOutError, setSignOutError] = useState<Error | null>(null);

  useEffect(() => mendAria(document.body), []);

  // The layout closes the navigation where the window becomes narrow, and never opens it again.
  useEffect(() => {
    const follow = () => setOpen(WIDE.matches);
    WIDE.addEventListener("change", follow);
    return () => WIDE.removeEventListener("change", follow);
  }, []);

  useEffect(() => {
    if (route.page === "" && mine[0]) {
      navigate(href([mine[0].path]), true);
    }
    document.title = page ? `${page.title} · Rowgate` : "Rowgate";
  }, [route.page, page, mine[0]]);

  return (
    <>
      <div id="top-bar">
        <TopBar username={me.username} groups={me.groups} onError={setSignOutError} />
      </div>
      <AppLayout
        headerSelector="#top-bar"
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        navigation={
          <SideNavigation
            activeHref={href([route.page])}
            items={mine.map((page) => ({ type: "link", text: page.title, href: href([page.path]) }))}
            onFollow={() => {
              if (window.innerWidth <= 688) {
                setOpen(false);
              }
            }}
          />
        }
        notifications={<Notifications />}
        toolsHide
        content={
          <>
            {signOutError && <ProblemAlert error={signOutError} onDismiss={() => setSignOutError(null)} />}
            {page ? <PageContent key={page.path} page={page} /> : route.page !== "" && <NoPage name={route.page} />}
          </>
        }
      />
    </>
  );
}

function PageContent({ page }: { page: Page }) {
  const Content = loaded.get(page.path);
  return (
    <ErrorBoundary>
      <Suspense
        fallback={
          <Box padding="xxl" textAlign="center">
            <Spinner size="large" />
          </Box>
        }
      >
        {Content && <Content />}
      </Suspense>
    </ErrorBoundary>
  );
}

function NoPage({ name }: { name: string }) {
  const known = pages.find((page) => page.path === name);
  return (
    <Box padding="xxl" textAlign="center">
      <Box variant="h1">{known ? "Your account does not see this page" : "There is no such page"}</Box>
      <Box variant="p" color="text-body-secondary">
        {known ? `Ask an operator for the right to open ${known.title}.` : "The link may be old or mistyped."}
      </Box>
      <Link href="#/">Go to the first page</Link>
    </Box>
  );
}
