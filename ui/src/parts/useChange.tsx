import { Button, Group, Text } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { useErrorText } from "./states";

/** Refusals that a person decides about: somebody else was faster, or the change would shut this address out. */
const CONFLICTS = ["changed_meanwhile", "would_lock_out"];

interface Change<Out, In> {
  /** Does it; throws an `ApiError` if it was not done. */
  call: (input: In) => Promise<Out>;
  /** What is read again after it. */
  stale: QueryKey[];
  /** The form whose fields show what the gateway says of them. */
  // biome-ignore lint/suspicious/noExplicitAny: of any values; only names of fields are used
  form?: UseFormReturnType<any>;
  /** Shows what the gateway says of fields, where no form holds them. */
  onFields?: (fields: Record<string, string>) => void;
  /** What is told when it is done; nothing without it. */
  done?: string | ((result: Out, input: In) => string);
  /** Whether what is told is bad news. */
  isBad?: (result: Out) => boolean;
  onDone?: (result: Out, input: In) => void;
  /** Takes it back, if that can be done: offered beside `done`. */
  undo?: (result: Out, input: In) => Promise<unknown>;
  /** Somebody else has changed it meanwhile (409). */
  onConflict?: (error: ApiError, input: In) => void;
}

/** Goes to a field that is wrong, and not below the head or the buttons of a drawer. */
export function goTo(field: HTMLElement | null | undefined): void {
  field?.focus();
  field?.scrollIntoView({ block: "center" });
}

/**
 * Shows each error at its field, an item's (`allowedIPs[0]`, `modelMapping.gpt-4`) at that of its list, and goes to the
 * first. Gives whether all of them have a place.
 */
// biome-ignore lint/suspicious/noExplicitAny: of any values; only names of fields are used
function showAtFields(form: UseFormReturnType<any>, fields: Record<string, string>): boolean {
  const placed = Object.entries(fields).map(([name, error]) => {
    const [list = name, item] = name.split(/[[\].]/);
    const isItem = form.getInputNode(name) === null && item !== undefined;
    const which = name.startsWith(`${list}[`) ? Number(item) + 1 : name.slice(list.length + 1);
    return isItem ? { name: list, error: `${which}: ${error}` } : { name, error };
  });
  form.setErrors(Object.fromEntries(placed.map(({ name, error }) => [name, error])));
  const inputs = placed.map(({ name }) => form.getInputNode(name));
  const first = inputs.find((input) => input !== null);
  goTo(first);
  return placed.length > 0 && inputs.every((input) => input !== null);
}

/** One change by the admin API, with everything that people expect around it. */
export function useChange<Out, In = void>(change: Change<Out, In>) {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  const refresh = () => Promise.all(change.stale.map((queryKey) => client.invalidateQueries({ queryKey })));
  const tell = (done: string, isBad: boolean, undo?: () => Promise<unknown>) => {
    const id = notifications.show({
      color: isBad ? "red" : "teal",
      autoClose: undo || isBad ? 8_000 : 3_000,
      closeButtonProps: { "aria-label": t("do.close") },
      message: (
        <Group justify="space-between">
          <Text size="sm">{done}</Text>
          {undo && (
            <Button
              size="compact-xs"
              variant="default"
              onClick={async () => {
                notifications.hide(id);
                await undo().catch(fail);
                await refresh();
              }}
            >
              {t("do.undo")}
            </Button>
          )}
        </Group>
      ),
    });
  };
  const fail = (error: unknown) =>
    notifications.show({
      color: "red",
      autoClose: 8_000,
      message: text(error),
      closeButtonProps: { "aria-label": t("do.close") },
    });
  return useMutation({
    mutationFn: change.call,
    onSuccess: async (result, input) => {
      const { undo } = change;
      await refresh();
      change.onDone?.(result, input);
      const done = typeof change.done === "function" ? change.done(result, input) : change.done;
      if (done) tell(done, change.isBad?.(result) ?? false, undo && (() => undo(result, input)));
    },
    onError: (error, input) => {
      if (change.form && error instanceof ApiError && showAtFields(change.form, error.fields)) return;
      if (change.onFields && error instanceof ApiError && Object.keys(error.fields).length > 0) {
        change.onFields(error.fields);
        return;
      }
      if (error instanceof ApiError && CONFLICTS.includes(error.code) && change.onConflict) {
        change.onConflict(error, input);
        return;
      }
      // An ended session asks for the password itself.
      if (!(error instanceof ApiError && error.status === 401)) fail(error);
    },
  });
}
