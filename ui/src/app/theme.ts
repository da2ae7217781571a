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

/** Lists of choices scroll themselves: a viewport within would take no focus, and be out of reach of the keyboard. */
const list = {
  defaultProps: { withScrollArea: false },
  styles: { options: { maxHeight: 220, overflowY: "auto" as const } },
};

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
    // What takes the focus first must not stand between a menu and its items.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    // Each would count as a head of the whole page.
    DrawerHeader: { defaultProps: { role: "none" } },
    ModalHeader: { defaultProps: { role: "none" } },
    Select: list,
    TagsInput: list,
    Autocomplete: list,
    MultiSelect: list,
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
    // Links stand in rows that are selected.
    "--mantine-color-accent-light": "var(--mantine-color-accent-0)",
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
