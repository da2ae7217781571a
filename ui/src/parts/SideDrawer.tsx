import { Drawer } from "@mantine/core";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useMayChange } from "../api/queries";
import { confirm } from "./confirm";
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

/** Details and forms, at an address of their own: `onClose` goes back to that of the list. */
export function SideDrawer({ opened, title, onClose, size, isForm, children }: SideDrawerProps) {
  const { t } = useTranslation();
  const mayNot = !useMayChange() && isForm;
  const guard = useRef(false);
  const close = () => {
    if (!guard.current) return onClose();
    confirm({ title: t("unsaved"), text: t("unsavedHint"), verb: t("discard"), onConfirm: onClose });
  };
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
