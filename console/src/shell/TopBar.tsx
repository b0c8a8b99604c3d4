import TopNavigation from "@cloudscape-design/components/top-navigation";
import icon from "../assets/icon.svg";
import { session } from "../session/store";
import { setTheme, type Theme, useTheme } from "./theme";

const THEMES: { id: Theme; text: string }[] = [
  { id: "light", text: "Light" },
  { id: "dark", text: "Dark" },
  { id: "system", text: "As the system" },
];

export function TopBar(props: { username?: string; groups?: string[]; onError?: (error: Error) => void }) {
  const theme = useTheme();
  const role = ["operator", "writer", "reader"].find((group) => props.groups?.includes(group));
  return (
    <TopNavigation
      identity={{ href: "#/", title: "Rowgate", logo: { src: icon, alt: "Logo" } }}
      i18nStrings={{ overflowMenuTriggerText: "More", overflowMenuTitleText: "All" }}
      utilities={[
        {
          type: "menu-dropdown",
          iconName: "settings",
          ariaLabel: "Theme",
          title: "Theme",
          items: THEMES.map(({ id, text }) => ({
            id,
            text,
            itemType: "checkbox",
            checked: id === theme,
          })),
          onItemClick: ({ detail }) => setTheme(detail.id as Theme),
        },
        ...(props.username
          ? [
              {
                type: "menu-dropdown" as const,
                iconName: "user-profile" as const,
                text: props.username,
                ariaLabel: `Account ${props.username}`,
                description: role,
                items: [{ id: "sign-out", text: "Sign out" }],
                onItemClick: () => {
                  session.signOut().catch((error: Error) => props.onError?.(error));
                },
              },
            ]
          : []),
      ]}
    />
  );
}
