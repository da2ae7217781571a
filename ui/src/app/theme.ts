import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** One accent; all else is Mantine's greys. Chosen so that white text on shade 6 or 8 keeps WCAG AA. */
const accent: MantineColorsTuple = [
  "#e8f3fd",
  "#d0e4f7",
  "#a1c8ef",
  "#6fabe8",
  "#4793e1",
  "#2e83de",
  "#1668c4",
  "#1059ab",
  "#0b4d97",
  "#003f80",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 7 },
  colors: { accent },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SFMono-Regular", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
  headings: { fontWeight: "600" },
  components: {
    Tooltip: {
      defaultProps: { withArrow: true, openDelay: 200, events: { hover: true, focus: true, touch: true } },
    },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    Badge: {
      defaultProps: { variant: "light", radius: "sm" },
      styles: { root: { verticalAlign: "middle" } },
    },
    Chip: { defaultProps: { radius: "sm" } },
    Drawer: {
      defaultProps: {
        position: "right",
        size: 480,
        padding: "md",
        overlayProps: { backgroundOpacity: 0.25 },
      },
    },
  },
});

/** Greys of small text that keep WCAG AA on both backgrounds. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-6)",
    "--mantine-color-error": "var(--mantine-color-red-8)",
    "--mantine-color-teal-light-color": "#045c41",
    "--mantine-color-orange-light-color": "#8f2f05",
    "--mantine-color-red-light-color": "#a61e1e",
    "--mantine-color-gray-light-color": "#343a40",
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    "--mantine-color-teal-light-color": "var(--mantine-color-teal-3)",
    "--mantine-color-orange-light-color": "var(--mantine-color-orange-3)",
    "--mantine-color-red-light-color": "var(--mantine-color-red-3)",
    "--mantine-color-gray-light": "var(--mantine-color-dark-5)",
    "--mantine-color-gray-light-hover": "var(--mantine-color-dark-4)",
    "--mantine-color-gray-light-color": "var(--mantine-color-gray-3)",
  },
});
