import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { api, data, ifMatch, type Setting } from "../../api/client";
import { confirm } from "../../parts/confirm";
import { useChange } from "../../parts/useChange";
import { controlId } from "./Control";
import { dropDrafts, type SaveBody, setErrors, toBody, useDrafts } from "./drafts";
import { placeOf } from "./groups";
import type { Saved } from "./queries";

/** Draws the eye to the control of a setting; gives whether it is on the page. */
function focus(name: string): boolean {
  const control = document.getElementById(controlId(name));
  control?.focus();
  control?.scrollIntoView({ block: "center" });
  return control !== null;
}

/** What takes changes back. */
function former(changes: Saved["changes"]): SaveBody {
  const back = changes.map(({ name, before }) => [
    name,
    before.origin === "saved" ? (before.value ?? "") : null,
  ]);
  // The rules that were in force are no new way to shut oneself out.
  return { ...Object.fromEntries(back), confirm: true };
}

interface Ways {
  settings: Setting[];
  /** Goes to a group, or to the review of changes; filters stay. */
  go: (place: string, part?: string) => void;
  place: string;
}

/** From changes that were made here to settings in force: a check that shows the difference, then the save of exactly that. */
export function useSaving({ settings, go, place }: Ways) {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const [, leave] = useLocation();
  const { values } = useDrafts();
  const [checked, setChecked] = useState<Saved>();
  const [isLate, setLate] = useState(false);
  const onFields = (fields: Record<string, string>) => {
    setErrors(fields);
    const first = settings.find(({ name }) => fields[name] !== undefined);
    if (!first || focus(first.name)) return;
    leave(`/settings/${placeOf(first)}`);
    setTimeout(() => focus(first.name));
  };
  const check = useChange({
    call: () =>
      data(
        api.POST("/admin/api/settings", {
          params: { query: { check: true } },
          // Whether one would be shut out is asked at the save.
          body: { ...toBody(values, settings), confirm: true },
        }),
      ),
    stale: [],
    onFields,
    onDone: (answer) => {
      setChecked(answer);
      setLate(false);
      go(place, "review");
    },
  });
  const save = useChange({
    call: (mayLockOut: boolean) =>
      data(
        api.POST("/admin/api/settings", {
          params: { header: ifMatch(checked?.revision ?? 0) },
          body: { ...toBody(values, settings), ...(mayLockOut && { confirm: true }) },
        }),
      ),
    stale: [["settings"], ["cache"]],
    done: common("saved"),
    undo: (answer) => data(api.POST("/admin/api/settings", { body: former(answer.changes) })),
    onFields: (fields) => {
      go(place);
      onFields(fields);
    },
    onDone: () => {
      dropDrafts();
      go(place);
    },
    onConflict: (error) => {
      if (error.code !== "would_lock_out") {
        setLate(true);
        return;
      }
      confirm({
        title: t("review.lockTitle"),
        text: t("review.lockText", { address: error.body?.address ?? "" }),
        verb: t("review.lockVerb"),
        onConfirm: () => save.mutate(true),
      });
    },
  });
  return { check, save, checked, isLate };
}
