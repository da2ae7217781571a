import { useTranslation } from "react-i18next";
import type { Setting } from "../../api/client";
import { useFormat } from "../../parts/format";
import { useSettingTexts } from "./names";

/** Milliseconds in each unit of a duration, smallest first. */
export const TIMES: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Bytes in each unit of a size, smallest first. */
export const SIZES: Record<string, number> = { B: 1, KiB: 1_024, MiB: 1_024 ** 2, GiB: 1_024 ** 3 };
const DECIMAL: Record<string, number> = { KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 };

export interface Quantity {
  /** Digits, or nothing yet. */
  amount: string;
  unit: string;
}

export function unitsOf(setting: Setting): Record<string, number> {
  return setting.kind === "bytes" ? SIZES : TIMES;
}

/** A duration or a size as it is written; `undefined` for what is neither. */
export function parse(setting: Setting, text: string): Quantity | undefined {
  const plain = setting.kind === "bytes" ? "B" : (setting.unit ?? "ms");
  const found = /^(\d*)\s*([A-Za-z]*)$/.exec(text.trim());
  if (!found) return undefined;
  const known = { ...unitsOf(setting), ...(setting.kind === "bytes" && DECIMAL) };
  const written = found[2] || plain;
  const unit = Object.keys(known).find((unit) => unit.toLowerCase() === written.toLowerCase());
  return unit ? { amount: found[1] ?? "", unit } : undefined;
}

/** How much it is in the smallest unit. */
export function size(setting: Setting, { amount, unit }: Quantity): number {
  return Number(amount) * ({ ...unitsOf(setting), ...DECIMAL }[unit] ?? 1);
}

/** The same in the largest unit that needs no fraction. */
export function simplest(setting: Setting, quantity: Quantity): Quantity {
  const all = size(setting, quantity);
  if (quantity.amount === "" || all === 0) return quantity;
  const fits = Object.entries(unitsOf(setting)).filter(([, one]) => all % one === 0);
  const [unit, one] = fits.at(-1) ?? ["", 1];
  return unit ? { amount: String(all / one), unit } : quantity;
}

/** The entries of a list. */
export function items(text: string | null): string[] {
  return (text ?? "").split(/[\s,]+/).filter(Boolean);
}

/** What is sent of a draft: a unit without a number is nothing. */
export function toText(setting: Setting, text: string): string {
  const isQuantity = setting.kind === "duration" || setting.kind === "bytes";
  return isQuantity && !/\d/.test(text) ? "" : text.trim();
}

function canonical(setting: Setting, text: string | null): string {
  if (text === null) return "";
  if (setting.kind === "list") return items(text).join(",");
  if (setting.kind !== "duration" && setting.kind !== "bytes") return text.trim();
  const quantity = parse(setting, text);
  if (!quantity) return text.trim();
  return quantity.amount === "" ? "" : String(size(setting, quantity));
}

/** Whether two ways to write a value mean the same. */
export function isSame(setting: Setting, a: string | null, b: string | null): boolean {
  return canonical(setting, a) === canonical(setting, b);
}

/** Values as people read them. */
export function useShown() {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const texts = useSettingTexts();
  const unit = (name: string) => (name in TIMES ? t(`unit.${name as "ms"}`) : name);
  const quantity = (setting: Setting, text: string) => {
    const parsed = parse(setting, text);
    if (!parsed) return text;
    const { amount, unit: name } = simplest(setting, parsed);
    return amount === "0" ? "0" : `${format.number(Number(amount))} ${unit(name)}`;
  };
  const choice = (value: string) => t(`choice.${value as "always"}`, { defaultValue: value });
  const shown = (setting: Setting, value: string | null): string => {
    if (setting.kind === "secret") return setting.isSet ? t("value.set") : t("value.notSet");
    if (value === null || value === "") {
      const means = texts.unset(setting);
      return means ? t("value.unset", { means }) : t("value.empty");
    }
    if (setting.kind === "switch") return value === "true" ? t("value.on") : t("value.off");
    if (setting.kind === "duration" || setting.kind === "bytes") return quantity(setting, value);
    if (setting.kind === "choice") return choice(value);
    // A port is no amount: four digits stay as they are.
    if (setting.kind === "integer") return Number(value) < 10_000 ? value : format.number(Number(value));
    if (setting.kind === "list") return items(value).join(", ");
    return value;
  };
  return { shown, choice, unit, quantity };
}
