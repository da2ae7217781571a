import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { REFRESH_MS, useGlance } from "../api/queries";

/** Over the form of the first channel or key: what it takes out of service. */
export function FirstBackend() {
  const { t } = useTranslation();
  const backends = useGlance(REFRESH_MS).data?.backends.list;
  const ours = backends?.find((backend) => backend.id === "implicit");
  if (!ours) return null;
  return (
    <Alert color="orange" mb="md">
      {t("backend.first", { url: ours.name })}
    </Alert>
  );
}
