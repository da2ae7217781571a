import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { Router } from "wouter";
import { queries } from "../api/queries";
import { Pages } from "./Pages";
import { theme, variables } from "./theme";

export function App({ nonce }: { nonce: string }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queries}>
        <Router base="/admin">
          <ModalsProvider modalProps={{ zIndex: 310 }}>
            <Notifications position="bottom-left" limit={4} />
            <Pages />
          </ModalsProvider>
        </Router>
      </QueryClientProvider>
    </MantineProvider>
  );
}
