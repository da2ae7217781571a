import { Button, Menu } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { choose, LANGUAGES, type Language } from "../../i18n";

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  const short = i18n.language === "zh" ? "中" : "EN";
  return (
    <Menu>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          px="xs"
          aria-label={`${short}: ${t("shell.language")}`}
        >
          {short}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(LANGUAGES).map(([language, name]) => (
          <Menu.Item key={language} lang={language} onClick={() => choose(language as Language)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
