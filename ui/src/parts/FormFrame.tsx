import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconUsersGroup } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useGuard } from "./SideDrawer";
import { goTo } from "./useChange";

interface FormFrameProps<T> {
  // biome-ignore lint/suspicious/noExplicitAny: what a form gives out may differ from what it holds
  form: UseFormReturnType<T, any>;
  onSubmit: (values: T) => void;
  onCancel: () => void;
  isSaving: boolean;
  verb: string;
  /** Somebody else has changed the thing: what either choice does. */
  conflict?: { takeTheirs: () => void; saveMine: () => void } | undefined;
  children: ReactNode;
}

/** A form with its buttons: keeps what was typed, whatever happens, and says when somebody else was faster. */
export function FormFrame<T>({
  form,
  onSubmit,
  onCancel,
  isSaving,
  verb,
  conflict,
  children,
}: FormFrameProps<T>) {
  const { t } = useTranslation();
  useGuard(form.isDirty());
  const told = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLFormElement>(null);
  const [refusals, setRefusals] = useState(0);
  useEffect(() => {
    if (refusals > 0) goTo(frame.current?.querySelector<HTMLElement>("[aria-invalid=true]"));
  }, [refusals]);
  const isTold = conflict !== undefined;
  useEffect(() => {
    if (isTold) told.current?.scrollIntoView({ block: "center" });
  }, [isTold]);
  return (
    <form ref={frame} onSubmit={form.onSubmit(onSubmit, () => setRefusals(refusals + 1))} noValidate>
      <Stack gap="md">
        {conflict && (
          <Alert ref={told} color="orange" icon={<IconUsersGroup />} title={t("error.conflict")} role="alert">
            <Text size="sm" mb="xs">
              {t("error.conflictHint")}
            </Text>
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={conflict.takeTheirs}>
                {t("error.theirs")}
              </Button>
              <Button size="xs" variant="default" onClick={conflict.saveMine}>
                {t("error.mine")}
              </Button>
            </Group>
          </Alert>
        )}
        {children}
        <Group
          justify="flex-end"
          gap="xs"
          py="sm"
          pos="sticky"
          bottom={0}
          bg="var(--mantine-color-body)"
          style={{ zIndex: 2 }}
        >
          <Button variant="default" onClick={onCancel}>
            {t("do.cancel")}
          </Button>
          <Button type="submit" loading={isSaving}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
