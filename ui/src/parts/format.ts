import { useMemo } from "react";
import { useTranslation } from "react-i18next";

/** Steps of `ago`, in seconds: as long as an age is below the limit it is told in this unit. */
const AGES: [limit: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [60, "second", 1],
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [86_400 * 30, "day", 86_400],
  [86_400 * 365, "month", 86_400 * 30],
];
const YEARS: (typeof AGES)[number] = [Number.POSITIVE_INFINITY, "year", 86_400 * 365];

const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Midnights of the browser's zone from one moment to another; days of 23 and of 25 hours count as one. */
function daysBetween(from: Date, to: Date): number {
  const day = (at: Date) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
  return (day(to) - day(from)) / 86_400_000;
}

/** Numbers, times and sizes as a language writes them. */
function formats(language: string) {
  const isChinese = language === "zh";
  const locale = isChinese ? "zh-CN" : "en-GB";
  // As everywhere in the Chinese texts, a space stands between a digit and a character: 3 分钟前, 11 月 29 日.
  const spaced = (text: string) =>
    isChinese
      ? text.replace(/(\d)(?=\p{Script=Han})/gu, "$1 ").replace(/(\p{Script=Han})(?=\d)/gu, "$1 ")
      : text;
  const number = new Intl.NumberFormat(locale);
  const short = new Intl.NumberFormat("en-US", {
    notation: "compact",
    maximumFractionDigits: 1,
  });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const minute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const hourOfDay = new Intl.DateTimeFormat(locale, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  const dayOfYear = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" });
  const list = new Intl.ListFormat(locale);
  const either = new Intl.ListFormat(locale, { type: "disjunction" });
  const marks = isChinese
    ? { part: "，", pair: "：", open: "（", close: "）" }
    : { part: ", ", pair: ": ", open: " (", close: ")" };
  const unit = (value: number, name: string, digits: number) =>
    new Intl.NumberFormat(locale, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value);
  const time = (value: number, sign: string, digits: number) =>
    `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value)}\u00a0${sign}`;
  return {
    /** 48,210 */
    number: (value: number) => number.format(value),
    /** 48.2K, 9.1M: the same marks in both languages, as the program before had them. */
    short: (value: number) => short.format(value),
    /** Of a part from 0 to 1. */
    percent: (part: number) => percent.format(part),
    /** A duration in milliseconds, with the signs that all languages share: `340 ms`, `1.2 s`, `3 min`, up to days. */
    ms: (ms: number) => {
      if (ms < 1_000) return time(ms, "ms", 0);
      if (ms < 60_000) return time(ms / 1_000, "s", ms < 10_000 ? 2 : 1);
      if (ms < 3_600_000) return time(ms / 60_000, "min", 1);
      if (ms < 48 * 3_600_000) return time(ms / 3_600_000, "h", 1);
      return time(ms / 86_400_000, "d", 1);
    },
    bytes: (bytes: number) => {
      const step = bytes < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log10(bytes) / 3));
      return step === 0 ? time(bytes, "B", 0) : unit(bytes / 1_000 ** step, BYTES[step] ?? "byte", 1);
    },
    /** How long ago, or how long from now. */
    ago: (at: string | Date, now = Date.now()) => {
      const seconds = (new Date(at).getTime() - now) / 1_000;
      const [, name, size] = AGES.find(([limit]) => Math.abs(seconds) < limit) ?? YEARS;
      // "Tomorrow" and "yesterday" are days of the calendar.
      const count = name === "day" ? daysBetween(new Date(now), new Date(at)) : Math.round(seconds / size);
      return spaced(relative.format(count, name));
    },
    /** Day and time to the second, in the browser's zone. */
    moment: (at: string | Date) => spaced(moment.format(new Date(at))),
    day: (at: string | Date) => spaced(day.format(new Date(at))),
    clock: (at: string | Date) => clock.format(new Date(at)),
    /** 14:05 */
    minute: (at: string | Date) => minute.format(new Date(at)),
    /** 3 Nov, 14:00 */
    hourOfDay: (at: string | Date) => spaced(hourOfDay.format(new Date(at))),
    /** 3 Nov, of UTC as sums of days are. */
    dayOfYear: (at: string | Date) => spaced(dayOfYear.format(new Date(at))),
    list: (words: string[]) => (isChinese ? words.join("、") : list.format(words)),
    /** One of them. */
    either: (words: string[]) => either.format(words),
    /** Parts of one remark, one after the other; none for what is empty. */
    parts: (parts: (string | number | false | null | undefined)[]) => parts.filter(Boolean).join(marks.part),
    /** A name and what it is. */
    pair: (name: string, value: string) => `${name}${marks.pair}${value}`,
    /** A value with a remark in brackets. */
    noted: (value: string, note: string) => `${value}${marks.open}${note}${marks.close}`,
  };
}

export type Formats = ReturnType<typeof formats>;

/** The formats of the present language. */
export function useFormat(): Formats {
  const { i18n } = useTranslation();
  return useMemo(() => formats(i18n.language), [i18n.language]);
}
