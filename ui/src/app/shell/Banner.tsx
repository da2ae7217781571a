import { Alert } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { useMe } from "../../api/queries";

/** Shown only while something is true that concerns every page. */
export function Banner() {
  const { t } = useTranslation();
  const me = useMe();
  const isLost = me.failureReason instanceof ApiError && me.failureReason.isLost;
  if (!isLost) return null;
  return (
    <Alert color="orange" icon={<IconPlugConnectedX />} mb="md" role="status">
      {t("shell.lost")}
    </Alert>
  );
}
