import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../parts/states";

/** Keeps the shell when a page fails, as when its file is gone after an update of the gateway. */
export class PageBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    return this.state.error ? <Broken error={this.state.error} /> : this.props.children;
  }
}

function Broken({ error }: { error: Error }) {
  const { t } = useTranslation();
  const action = <Button onClick={() => window.location.reload()}>{t("shell.reload")}</Button>;
  return <Empty title={t("shell.broken")} hint={error.message} action={action} />;
}
