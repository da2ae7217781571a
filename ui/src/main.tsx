import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "mantine-datatable/styles.css";
import "./app/base.css";
// Before the router.
import "./parts/leaving";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { startWords } from "./i18n";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
// Libraries that add style elements read it under this name.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const root = document.getElementById("root");
if (root) {
  await startWords();
  createRoot(root).render(<App nonce={nonce} />);
}
