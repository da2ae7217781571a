import { Button, Collapse, Flex, Paper, Stack, useMatches } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustments } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/queries";
import { Page } from "../../parts/Page";
import { SideDrawer } from "../../parts/SideDrawer";
import { useDrawer } from "../../parts/url";
import { Chat } from "./Chat";
import { ModelChoice } from "./ModelChoice";
import { SettingsPanel } from "./SettingsPanel";
import { ShowRequest } from "./ShowRequest";
import { belongTo } from "./store";
import { stopAll } from "./talk";
import { useModels } from "./useModels";
import "./words";

export default function Playground() {
  const { t } = useTranslation("playground");
  const { t: common } = useTranslation();
  const { id, part, open } = useDrawer("playground");
  const { model, models } = useModels();
  const user = useMe().data?.user.id;
  useEffect(() => {
    if (user && belongTo(user)) stopAll();
  }, [user]);
  return (
    <Page title={common("nav.playground")} purpose={t("purpose")}>
      <Flex gap="md" align="stretch" direction={{ base: "column", md: "row" }}>
        <Side />
        <Chat models={models} onShowRequest={(reply) => open("request", reply)} />
      </Flex>
      <SideDrawer opened={id === "request"} title={t("code.title")} size={640} onClose={() => open()}>
        <ShowRequest model={model} replyId={part} />
      </SideDrawer>
    </Page>
  );
}

/** Models and settings: beside the conversation, or folded over it where there is no room. */
function Side() {
  const { t } = useTranslation("playground");
  const isWide = useMatches({ base: false, md: true });
  const [isOpen, { toggle }] = useDisclosure(false);
  if (isWide) {
    return (
      <Paper
        withBorder
        p="sm"
        w={320}
        flex="none"
        h="calc(100dvh - 168px)"
        mih={420}
        style={{ overflowY: "auto" }}
      >
        <Stack>
          <ModelChoice />
          <SettingsPanel />
        </Stack>
      </Paper>
    );
  }
  return (
    <Stack gap="xs">
      <ModelChoice />
      <Button
        variant="default"
        leftSection={<IconAdjustments size={16} />}
        aria-expanded={isOpen}
        onClick={toggle}
      >
        {t("settings.title")}
      </Button>
      <Collapse expanded={isOpen}>
        <Paper withBorder p="sm">
          <SettingsPanel />
        </Paper>
      </Collapse>
    </Stack>
  );
}
