import { type DragEvent, useState } from "react";

/** Lets an element take files that are dropped on it: `on` goes to the element. */
export function useDrop(take: (files: File[]) => unknown) {
  const [isOver, setOver] = useState(false);
  const on = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      setOver(false);
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      void take([...event.dataTransfer.files]);
    },
  };
  return { isOver, on };
}
