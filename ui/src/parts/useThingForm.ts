import type { UseFormReturnType } from "@mantine/form";
import type { QueryKey } from "@tanstack/react-query";
import { useState } from "react";
import { ifMatch } from "../api/client";
import { useChange } from "./useChange";

interface Ways<T, V> {
  form: UseFormReturnType<V>;
  /** What is changed; without one, a thing is made. */
  before: T | undefined;
  /** Sends it. `header` names the revision that is changed, or none for whatever is there. */
  call: (values: V, header: { "If-Match"?: string }) => Promise<T>;
  stale: QueryKey[];
  /** What is told when it is done; nothing without it. */
  done?: string | undefined;
  onClose: () => void;
  onMade?: ((made: T) => void) | undefined;
}

/** What the frame of a form needs that makes or changes one thing, which somebody else may change meanwhile. */
export function useThingForm<T extends { revision: number }, V extends object>(ways: Ways<T, V>) {
  const { form, before, stale, done, onClose } = ways;
  const [inConflict, setConflict] = useState<V>();
  const save = useChange<T, { values: V; isForced: boolean }>({
    call: ({ values, isForced }) => ways.call(values, before && !isForced ? ifMatch(before.revision) : {}),
    stale,
    form,
    ...(done && { done }),
    onDone: (made) => {
      form.resetDirty();
      if (before) onClose();
      else ways.onMade?.(made);
    },
    onConflict: (_, { values }) => setConflict(values),
  });
  const conflict = inConflict && {
    takeTheirs: () => {
      form.resetDirty();
      onClose();
    },
    saveMine: () => save.mutate({ values: inConflict, isForced: true }),
  };
  return {
    form,
    onSubmit: (values: V) => save.mutate({ values, isForced: false }),
    onCancel: onClose,
    isSaving: save.isPending,
    conflict,
  };
}
