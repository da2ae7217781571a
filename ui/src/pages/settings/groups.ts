import type { Setting } from "../../api/client";

/** Views beside the groups that the gateway names. */
export const VIEWS = ["rules", "import", "backup"] as const;
export type View = (typeof VIEWS)[number];

/** What the access rules show in a form of their own. */
export const RULES = ["ip_access_mode", "ip_whitelist", "ip_blacklist"];

/** A group as the address has it. */
export const slug = (group: string) => group.toLowerCase().replaceAll(" ", "-");

/** The groups in the order of the gateway. */
export function groupsOf(settings: Setting[]): string[] {
  return [...new Set(settings.map(({ group }) => group))];
}

/** Where a setting stands. */
export function placeOf(setting: Setting): string {
  return RULES.includes(setting.name) ? "rules" : slug(setting.group);
}
