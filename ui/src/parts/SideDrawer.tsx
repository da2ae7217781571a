import { Drawer } from "@mantine/core";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useMayChange } from "../api/queries";
import { confirm } from "./confirm";
import { holdBack } from "./leaving";
import { Empty } from "./states";

interface SideDrawerProps {
  opened: boolean;
  title: ReactNode;
  onClose: () => void;
  size?: number;
  /** Whether it changes something: who may not is told so in place of it. */
  isForm?: boolean;
  children: ReactNode;
}

const Guard = createContext<{ current: boolean }>({ current: false });

/** Tells the drawer around a form whether closing it would lose something. */
export function useGuard(isDirty: boolean): void {
  const guard = useContext(Guard);
  useEffect(() => {
    guard.current = isDirty;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    if (isDirty) window.addEventListener("beforeunload", warn);
    return () => {
      guard.current = false;
      window.removeEventListener("beforeunload", warn);
    };
  }, [guard, isDirty]);
}

/** Asks, as closing does, when the browser's own back or forward would leave a form with something in it. */
function useHeldBack(opened: boolean, guard: { current: boolean }, ask: (leave: () => void) => void): void {
  const latest = useRef({ at: "", ask });
  useEffect(() => {
    latest.current = { at: location.href, ask };
  });
  useEffect(
    () => (opened ? holdBack(() => (guard.current ? latest.current : undefined)) : undefined),
    [opened, guard],
  );
}

/** Details and forms, at an address of their own: `onClose` goes back to that of the list. */
export function SideDrawer({ opened, title, onClose, size, isForm, children }: SideDrawerProps) {
  const { t } = useTranslation();
  const mayNot = !useMayChange() && isForm;
  const guard = useRef(false);
  const ask = (leave: () => void) =>
    confirm({
      id: "unsaved",
      title: t("unsaved"),
      text: t("unsavedHint"),
      verb: t("discard"),
      onConfirm: leave,
    });
  const close = () => (guard.current ? ask(onClose) : onClose());
  useHeldBack(opened, guard, ask);
  return (
    <Drawer
      opened={opened}
      onClose={close}
      title={title}
      size={size ?? 480}
      closeButtonProps={{ "aria-label": t("do.close") }}
    >
      <Guard value={guard}>{opened && (mayNot ? <Empty title={t("error.forbidden")} /> : children)}</Guard>
    </Drawer>
  );
}
