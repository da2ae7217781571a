import { Text, type TextProps, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "./format";

/** A moment as people say it, with the exact one behind it. */
export function Ago({ at, ...rest }: { at: string | null | undefined } & TextProps) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!at) {
    return (
      <Text component="span" inherit c="dimmed" {...rest}>
        {t("never")}
      </Text>
    );
  }
  return (
    <Tooltip label={format.moment(at)}>
      <Text component="time" dateTime={at} inherit {...rest}>
        {format.ago(at)}
      </Text>
    </Tooltip>
  );
}
