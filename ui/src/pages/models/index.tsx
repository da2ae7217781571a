import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Page } from "../../parts/Page";
import { SideDrawer } from "../../parts/SideDrawer";
import { Failed } from "../../parts/states";
import { useDrawer } from "../../parts/url";
import { ModelDetail } from "./ModelDetail";
import { ModelList, ReadAnew } from "./ModelList";
import { useModel } from "./queries";
import "./words";

export default function Models() {
  const { t } = useTranslation("models");
  const { t: common } = useTranslation();
  const { id, open } = useDrawer("models");
  return (
    <Page title={common("nav.models")} purpose={t("purpose")} action={<ReadAnew />}>
      <ModelList />
      {id && <One name={id} onClose={() => open()} />}
    </Page>
  );
}

/** The drawer of one model. */
function One({ name, onClose }: { name: string; onClose: () => void }) {
  const model = useModel(name);
  return (
    <SideDrawer opened title={name} onClose={onClose} size={640}>
      {model.isPending && <Skeleton h={320} />}
      {model.isError && <Failed error={model.error} retry={model.refetch} />}
      {model.data && <ModelDetail model={model.data.model} holders={model.data.holders} />}
    </SideDrawer>
  );
}
