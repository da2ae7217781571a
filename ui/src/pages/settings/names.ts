import { useTranslation } from "react-i18next";
import type { Setting } from "../../api/client";
import type { SaveBody } from "./drafts";
import type en from "./en";
import { help } from "./help.zh";

type Changeable = Exclude<keyof SaveBody, "confirm" | "revision">;
type Labels = typeof en.label;
/** What has a name and a Chinese help; nothing has, to the compiler, while one that can be changed has no name. */
export type SettingName = Changeable extends keyof Labels ? keyof Labels : never;

const isKnown = (name: string): name is SettingName => name in help;

/** `log_levels` of a later gateway, as a name: "Log levels". */
function spelt(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What settings are called and what is said of them, in the present language; else what the gateway says. */
export function useSettingTexts() {
  const { t, i18n } = useTranslation("settings");
  const own = (setting: Setting) =>
    i18n.language === "zh" && isKnown(setting.name) ? help[setting.name] : undefined;
  return {
    label: ({ name }: Pick<Setting, "name">) => (isKnown(name) ? t(`label.${name}`) : spelt(name)),
    help: (setting: Setting) => own(setting)?.help ?? setting.help,
    unset: (setting: Setting) => own(setting)?.unset ?? setting.unset,
    format: (setting: Setting) => own(setting)?.format ?? setting.allowed,
    group: (group: string) => t(`group.${group as "Server"}`, { defaultValue: group }),
  };
}

/** Where a value comes from, as people say it. */
export function useOrigin() {
  const { t } = useTranslation("settings");
  return (origin: string) => {
    if (origin === "default" || origin === "environment" || origin === "flag" || origin === "saved")
      return t(`origin.${origin}`);
    return origin.replace(/^file /, `${t("origin.file")} `);
  };
}
