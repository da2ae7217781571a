import i18next, { type ResourceKey } from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en";
import type { Texts, Translation } from "./types";
import zh from "./zh";

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;

/** The texts of pages that are loaded before i18next has begun. */
const first: Record<Language, Record<string, ResourceKey>> = { en: { common: en }, zh: { common: zh } };

const KEPT = "o2o.language";

/** What was chosen here, else what the browser prefers. */
function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  const wanted = kept ? [kept] : navigator.languages;
  return wanted.some((tag) => tag.toLowerCase().startsWith("zh")) ? firstOf(wanted) : "en";
}

function firstOf(tags: readonly string[]): Language {
  const known = tags.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES);
  return (known as Language | undefined) ?? "en";
}

function tell(language: string): void {
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
}

export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: preferred(),
    fallbackLng: "en",
    defaultNS: "common",
    resources: first,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  tell(i18next.language);
}

/** Adds the texts of a page, in both languages, when the page is loaded. */
export function addWords<N extends keyof Texts>(name: N, en: Texts[N], zh: Translation<Texts[N]>): void {
  const texts: [Language, ResourceKey][] = [
    ["en", en],
    ["zh", zh],
  ];
  for (const [language, words] of texts) {
    if (i18next.isInitialized) i18next.addResourceBundle(language, name, words);
    else first[language][name] = words;
  }
}

export async function choose(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language);
  await i18next.changeLanguage(language);
  tell(language);
}

export default i18next;
