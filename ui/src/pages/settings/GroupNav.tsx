import { Badge, Box, NavLink, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Setting } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { useDrafts } from "./drafts";
import { groupsOf, placeOf, slug, VIEWS, type View } from "./groups";
import { useSettingTexts } from "./names";

interface GroupNavProps {
  settings: Setting[];
  /** Where one is; nothing while all groups are searched. */
  place: string | undefined;
}

/** The groups, each with the number of its changes; one below the other, or as a choice on a narrow screen. */
export function GroupNav({ settings, place }: GroupNavProps) {
  const { t } = useTranslation("settings");
  const texts = useSettingTexts();
  const mayChange = useMayChange();
  const [, go] = useLocation();
  const { values } = useDrafts();
  const views: readonly View[] = mayChange ? VIEWS : ["rules"];
  const groups = groupsOf(settings).map((group) => ({ value: slug(group), label: texts.group(group) }));
  const places = [...groups, ...views.map((view) => ({ value: view, label: t(`group.${view}`) }))];
  const count = (place: string) =>
    settings.filter((setting) => values[setting.name] !== undefined && placeOf(setting) === place).length;
  return (
    <>
      <Select
        hiddenFrom="md"
        data={places}
        value={place ?? null}
        allowDeselect={false}
        placeholder={t("groups")}
        aria-label={t("groups")}
        onChange={(place) => place && go(`/settings/${place}`)}
      />
      <Box
        component="nav"
        aria-label={t("groups")}
        w={196}
        flex="none"
        visibleFrom="md"
        pos="sticky"
        top={68}
      >
        {places.map(({ value, label }) => (
          <NavLink
            key={value}
            component={Link}
            href={`/settings/${value}`}
            label={label}
            active={value === place}
            aria-current={value === place ? "page" : undefined}
            rightSection={
              count(value) > 0 && (
                <Badge size="sm" color="orange">
                  {count(value)}
                </Badge>
              )
            }
          />
        ))}
      </Box>
    </>
  );
}
