import { Anchor, Skeleton, Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useMayChange } from "../../api/queries";
import { Page } from "../../parts/Page";
import { SideDrawer } from "../../parts/SideDrawer";
import { Empty, Failed } from "../../parts/states";
import { useDrawer } from "../../parts/url";
import { Audit } from "./Audit";
import { AuditDrawer } from "./AuditDrawer";
import { CaptureDrawer } from "./CaptureDrawer";
import { Captures } from "./Captures";
import { Menu } from "./Menu";
import { useLog } from "./queries";
import { RequestDetail } from "./RequestDetail";
import { Requests } from "./Requests";
import "./words";

/** Tabs that have an address of their own beside the requests; for admins. */
const VIEWS = ["audit", "captures"] as const;
type View = "requests" | (typeof VIEWS)[number];

export default function Logs() {
  const { t } = useTranslation("logs");
  const { t: common } = useTranslation();
  const [, go] = useLocation();
  const mayChange = useMayChange();
  const { id, part, open } = useDrawer("logs");
  const view: View = VIEWS.find((view) => view === id) ?? "requests";
  const tabs: View[] = mayChange ? ["requests", ...VIEWS] : ["requests"];
  if (view !== "requests" && !mayChange) {
    const action = (
      <Anchor component={Link} href="/logs">
        {t("tab.requests")}
      </Anchor>
    );
    return (
      <Page title={common("nav.logs")} purpose={t("purpose")}>
        <Empty title={common("error.forbidden")} action={action} />
      </Page>
    );
  }
  return (
    <Page
      title={common("nav.logs")}
      purpose={t("purpose")}
      action={mayChange && view === "requests" && <Menu />}
    >
      <Tabs
        value={view}
        // Filters are those of one tab.
        onChange={(to) => go(to === "requests" || to === null ? "/logs" : `/logs/${to}`)}
      >
        {tabs.length > 1 && (
          <Tabs.List mb="md">
            {tabs.map((tab) => (
              <Tabs.Tab key={tab} value={tab}>
                {t(`tab.${tab}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        )}
        <Tabs.Panel value={view}>
          {view === "requests" && <Requests open={open} />}
          {view === "audit" && <Audit onOpen={(entry) => open("audit", entry)} />}
          {view === "captures" && <Captures onOpen={(capture) => open("captures", capture)} />}
        </Tabs.Panel>
      </Tabs>
      {view === "requests" && id !== undefined && <One id={id} onClose={() => open()} />}
      {view === "audit" && part && <AuditDrawer id={part} onClose={() => open("audit")} />}
      {view === "captures" && part && <CaptureDrawer id={part} onClose={() => open("captures")} />}
    </Page>
  );
}

function One({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation("logs");
  const log = useLog(id);
  return (
    <SideDrawer opened title={t("detail.title")} onClose={onClose} size={640}>
      {log.isPending && <Skeleton h={480} />}
      {log.isError && <Failed error={log.error} retry={log.refetch} />}
      {log.data && <RequestDetail record={log.data} />}
    </SideDrawer>
  );
}
