/** The pages of the panel by their address. */
export const PAGES = ["channels", "connect", "dashboard", "playground", "tokens", "users"];
