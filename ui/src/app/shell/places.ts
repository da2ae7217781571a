import {
  IconBox,
  IconChartLine,
  IconKey,
  IconListDetails,
  IconMessages,
  IconPlugConnected,
  IconRoute,
  IconServer2,
  IconSettings,
  IconUsers,
} from "@tabler/icons-react";

/** The pages in the order of the side bar; `key` is the letter that leads there after `g`. */
export const PLACES = [
  { name: "dashboard", key: "d", icon: IconChartLine },
  { name: "keys", key: "k", icon: IconServer2 },
  { name: "channels", key: "c", icon: IconRoute },
  { name: "tokens", key: "t", icon: IconKey },
  { name: "models", key: "m", icon: IconBox },
  { name: "logs", key: "l", icon: IconListDetails },
  { name: "users", key: "u", icon: IconUsers },
  { name: "settings", key: "s", icon: IconSettings },
  { name: "playground", key: "p", icon: IconMessages },
  { name: "connect", key: "i", icon: IconPlugConnected },
] as const;

/** Below this one stand the pages for trying and connecting. */
export const LAST_OF_OPERATION = "settings";
