import { Center, Loader } from "@mantine/core";
import { lazy, type ReactNode, Suspense } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { useMe } from "../api/queries";
import { Login } from "../pages/login";
import { Failed } from "../parts/states";
import { NotFound } from "./NotFound";
import { PageBoundary } from "./PageBoundary";
import { Shell } from "./shell/Shell";

/** Every page by the first part of its address; each is loaded when it is opened. */
const PAGES = {
  dashboard: lazy(() => import("../pages/dashboard")),
  keys: lazy(() => import("../pages/keys")),
  channels: lazy(() => import("../pages/channels")),
  tokens: lazy(() => import("../pages/tokens")),
  models: lazy(() => import("../pages/models")),
  logs: lazy(() => import("../pages/logs")),
  users: lazy(() => import("../pages/users")),
  settings: lazy(() => import("../pages/settings")),
  playground: lazy(() => import("../pages/playground")),
  connect: lazy(() => import("../pages/connect")),
};

/** What is shown: the sign-in without a session, else the shell with a page. */
export function Pages() {
  const me = useMe();
  const [path] = useLocation();
  if (me.isPending) return <Waiting />;
  if (me.isError) return <Failed error={me.error} retry={() => me.refetch()} />;
  if (me.data === null || me.data.passwordChangeRequired) return <Login me={me.data} />;
  if (path === "/" || path === "/login") return <Redirect to="/dashboard" replace />;
  return (
    <Shell>
      <PageBoundary key={path.split("/")[1]}>
        <Suspense fallback={<Waiting />}>
          <Switch>
            {Object.entries(PAGES).map(([name, Page]) => (
              <Route key={name} path={`/${name}/*?`} nest={false}>
                <Page />
              </Route>
            ))}
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Suspense>
      </PageBoundary>
    </Shell>
  );
}

function Waiting(): ReactNode {
  return (
    <Center mih={240}>
      <Loader type="dots" aria-label="…" />
    </Center>
  );
}
