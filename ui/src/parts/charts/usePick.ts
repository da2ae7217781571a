import { useRef } from "react";
import type { MouseHandlerDataParam } from "recharts";

const placeOf = ({ activeTooltipIndex: place }: MouseHandlerDataParam) =>
  place === undefined || place === null || Number.isNaN(Number(place)) ? undefined : Number(place);

/** Handlers of a chart whose moments can be clicked. What goes down on one and up on another is no click. */
export function usePick(onPick?: (place: number) => void) {
  const down = useRef<number>(undefined);
  if (!onPick) return {};
  return {
    onMouseDown: (state: MouseHandlerDataParam) => {
      down.current = placeOf(state);
    },
    onMouseUp: (state: MouseHandlerDataParam) => {
      const place = placeOf(state);
      if (place !== undefined && place === down.current) onPick(place);
      down.current = undefined;
    },
    style: { cursor: "pointer", userSelect: "none" as const },
  };
}
