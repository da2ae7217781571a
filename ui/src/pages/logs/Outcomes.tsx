import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { OUTCOMES } from "../../parts/Outcome";
import { useFilters } from "../../parts/url";

/** Any number of outcomes; none is all. */
export function Outcomes() {
  const { t } = useTranslation("logs");
  const { t: common } = useTranslation();
  const { get, set } = useFilters();
  const chosen = get("outcome").split(",").filter(Boolean);
  return (
    <Menu closeOnItemClick={false} position="bottom-start">
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={16} />}>
          {t("filter.outcome")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.CheckboxGroup value={chosen} onChange={(outcome) => set({ outcome })}>
          {OUTCOMES.map((outcome) => (
            <Menu.CheckboxItem key={outcome} value={outcome}>
              {common(`outcome.${outcome}`)}
            </Menu.CheckboxItem>
          ))}
        </Menu.CheckboxGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
