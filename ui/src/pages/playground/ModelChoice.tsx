import { Autocomplete, Stack, Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useModels } from "./useModels";

/** Which models answer. */
export function ModelChoice() {
  const { t } = useTranslation("playground");
  const { names, model, compared, another, setModel, setCompared } = useModels();
  return (
    <Stack gap="xs">
      <Name label={t("model")} hint={t("modelHint")} names={names} value={model} onChange={setModel} />
      <Switch
        label={t("compare")}
        checked={compared !== null}
        disabled={model === ""}
        onChange={(event) => setCompared(event.currentTarget.checked ? another : null)}
      />
      {compared !== null && <Name label={t("other")} names={names} value={compared} onChange={setCompared} />}
    </Stack>
  );
}

interface NameProps {
  label: string;
  hint?: string;
  names: string[];
  value: string;
  onChange: (name: string) => void;
}

/** A name that is in the list or not; an emptied field is filled again when it is left. */
function Name({ label, hint, names, value, onChange }: NameProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const isOwn = typed !== null && !names.includes(typed);
  return (
    <Autocomplete
      label={label}
      description={hint}
      data={names}
      // All names are offered until something is typed.
      filter={({ options, search }) =>
        isOwn
          ? options.filter((option) => "value" in option && option.value.includes(search.trim()))
          : options
      }
      limit={100}
      value={typed ?? value}
      onChange={(text) => {
        setTyped(text);
        if (text.trim() !== "") onChange(text.trim());
      }}
      onBlur={() => setTyped(null)}
      comboboxProps={{ shadow: "md" }}
    />
  );
}
