import type channels from "../pages/channels/en";
import type connect from "../pages/connect/en";
import type dashboard from "../pages/dashboard/en";
import type keys from "../pages/keys/en";
import type login from "../pages/login/en";
import type logs from "../pages/logs/en";
import type models from "../pages/models/en";
import type playground from "../pages/playground/en";
import type settings from "../pages/settings/en";
import type tokens from "../pages/tokens/en";
import type users from "../pages/users/en";
import type common from "./en";

/**
 * What a translation must have: every text of the English one, and nothing else. A language has its own plural
 * forms, so `_one` may be missing (Chinese has only `_other`).
 */
export type Translation<T> = {
  [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string ? string : Translation<T[K]>;
};

/** The texts of each part of the panel, by the name of its folder. */
export interface Texts {
  common: typeof common;
  channels: typeof channels;
  connect: typeof connect;
  dashboard: typeof dashboard;
  keys: typeof keys;
  login: typeof login;
  models: typeof models;
  logs: typeof logs;
  settings: typeof settings;
  playground: typeof playground;
  tokens: typeof tokens;
  users: typeof users;
}

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: Texts;
  }
}
