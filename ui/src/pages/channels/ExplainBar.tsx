import { Autocomplete, Box, Button, Group } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFilters } from "../../parts/url";

/** Takes the name of a model, to show who would serve it. */
export function ExplainBar({ models, label }: { models: string[]; label?: string }) {
  const { t } = useTranslation("channels");
  const { get, set } = useFilters();
  const [text, setText] = useState(get("explain"));
  const go = (model: string) => {
    if (model.trim() !== "") set({ explain: model.trim() });
  };
  return (
    <Box
      component="form"
      w="100%"
      {...(label === undefined && { maw: 400 })}
      onSubmit={(event) => {
        event.preventDefault();
        go(text);
      }}
    >
      <Group gap="xs" wrap="nowrap" align="flex-end">
        <Autocomplete
          flex={1}
          miw={0}
          data={models}
          limit={50}
          value={text}
          onChange={setText}
          onOptionSubmit={go}
          label={label}
          placeholder={t("explain.ask")}
          aria-label={t("explain.ask")}
          leftSection={<IconRoute size={16} aria-hidden />}
          spellCheck={false}
        />
        <Button type="submit" variant="default" disabled={text.trim() === ""}>
          {t("explain.go")}
        </Button>
      </Group>
    </Box>
  );
}
