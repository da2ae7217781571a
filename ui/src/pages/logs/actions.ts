import { useTranslation } from "react-i18next";
import type { Texts } from "../../i18n/types";
import en from "./en";

type Action = keyof Texts["logs"]["actions"];

/** All that the audit has, in the form of the API: what was changed, a point, and how. */
export const ACTIONS = (Object.keys(en.actions) as Action[]).map((key) => ({
  key,
  name: key.replace("__", "."),
}));

/** An action in words; one that is not known here as it is. */
export function useActionWord(): (action: string) => string {
  const { t } = useTranslation("logs");
  return (action) => {
    const known = ACTIONS.find(({ name }) => name === action);
    return known ? t(`actions.${known.key}`) : action;
  };
}
