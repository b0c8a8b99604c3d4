import "@cloudscape-design/global-styles/index.css";
import "./shell/shell.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { session } from "./session/store";
import { App } from "./shell/App";
import { startTheme } from "./shell/theme";

startTheme();
void session.start();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
