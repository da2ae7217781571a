import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import type { TokenValues } from "./values";

/** What the choices of a form mean, as one sentence. */
export function useMeaning(): (values: TokenValues) => string {
  const { t } = useTranslation("tokens");
  const format = useFormat();
  return (values) => {
    const models = values.allowedModels.length > 0 ? format.list(values.allowedModels) : t("means.all");
    const parts = [
      t("means.models", { models }),
      values.quotaLimit && t("means.quota", { n: format.number(values.quotaLimit) }),
      values.rateLimit && t("means.rate", { n: format.number(values.rateLimit) }),
      values.allowedIPs.length > 0 && t("means.ips", { ips: format.list(values.allowedIPs) }),
      values.expiresAt && t("means.until", { day: format.moment(values.expiresAt) }),
    ];
    return t("means.sentence", { parts: format.parts(parts) });
  };
}
