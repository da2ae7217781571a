import { Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Page } from "../../parts/Page";
import { useDrawer } from "../../parts/url";
import { Clients } from "./Clients";
import { Reference } from "./Reference";
import "./words";

export default function Connect() {
  const { t } = useTranslation("connect");
  const { t: common } = useTranslation();
  const { id, open } = useDrawer("connect");
  const view = id === "reference" ? "reference" : "clients";
  return (
    <Page title={common("nav.connect")} purpose={t("purpose")}>
      <Tabs value={view} onChange={(to) => open(to === "reference" ? to : undefined)}>
        <Tabs.List>
          <Tabs.Tab value="clients">{t("tab.clients")}</Tabs.Tab>
          <Tabs.Tab value="reference">{t("tab.reference")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value={view} pt="md">
          {view === "reference" ? <Reference /> : <Clients />}
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
