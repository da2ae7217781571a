/** The pages of the panel by their address. */
export const PAGES = [
  "channels",
  "connect",
  "connect/reference",
  "dashboard",
  "keys",
  "logs",
  "logs/audit",
  "models",
  "playground",
  "settings",
  "tokens",
  "users",
  "users/sessions",
];
