import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The gateway that `npm run dev` works with: `GATEWAY=http://127.0.0.1:3100 npm run dev` for another one. */
const gateway = process.env.GATEWAY ?? "http://127.0.0.1:3000";

/** What the panel asks of the gateway; a page of the panel under one of these paths is a navigation, and stays here. */
const proxied = {
  target: gateway,
  bypass: (request: { headers: { accept?: string }; url?: string }) =>
    request.headers.accept?.includes("text/html") ? request.url : undefined,
};

export default defineConfig({
  base: "/admin/",
  plugins: [react()],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // Everything is a file of its own: the content security policy knows no data: for fonts and scripts.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/admin/api": proxied,
      "/admin/login": proxied,
      "/admin/logout": proxied,
      "/v1": proxied,
      "/health": proxied,
    },
  },
});
