import { Anchor, Skeleton, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { SideDrawer } from "../../parts/SideDrawer";
import { Failed } from "../../parts/states";
import { CaptureTexts } from "./Captured";
import { useCapture } from "./queries";

export function CaptureDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation("logs");
  const format = useFormat();
  const capture = useCapture(id, true);
  const one = capture.data;
  return (
    <SideDrawer opened title={t("capture.title")} onClose={onClose} size={640}>
      {capture.isPending && <Skeleton h={320} />}
      {capture.isError && <Failed error={capture.error} retry={capture.refetch} />}
      {one && (
        <Stack>
          <Facts
            facts={[
              [t("column.time"), format.moment(one.timestamp)],
              [t("column.token"), one.tokenName ?? one.tokenId],
              [t("column.model"), one.model],
              [t("detail.endpoint"), one.endpoint],
            ]}
          />
          <Anchor component={Link} href={`/logs/${encodeURIComponent(one.requestId)}`} size="sm">
            {t("capture.record")}
          </Anchor>
          <CaptureTexts capture={one} />
        </Stack>
      )}
    </SideDrawer>
  );
}
