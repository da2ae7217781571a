import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Empty } from "../parts/states";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Empty
      order={1}
      title={t("shell.notFound")}
      hint={t("shell.notFoundHint")}
      action={
        <Button component={Link} href="/dashboard" variant="default">
          {t("shell.toDashboard")}
        </Button>
      }
    />
  );
}
