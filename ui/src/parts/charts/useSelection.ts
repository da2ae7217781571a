import { useState } from "react";
import type { MouseHandlerDataParam } from "recharts";

type Places = [first: number, last: number];

const placeOf = ({ activeTooltipIndex: place }: MouseHandlerDataParam) =>
  place === undefined || place === null || Number.isNaN(Number(place)) ? undefined : Number(place);

const inOrder = ([a, b]: Places): Places => (a <= b ? [a, b] : [b, a]);

/** Selection of a stretch by the pointer: what to show while it is drawn, and the handlers of the chart. */
export function useSelection(onSelect?: (first: number, last: number) => void) {
  const [drawn, setDrawn] = useState<Places>();
  if (!onSelect) return { selected: undefined, handlers: {} };
  const handlers = {
    onMouseDown: (state: MouseHandlerDataParam) => {
      const place = placeOf(state);
      if (place !== undefined) setDrawn([place, place]);
    },
    onMouseMove: (state: MouseHandlerDataParam) => {
      const place = placeOf(state);
      if (drawn && place !== undefined && place !== drawn[1]) setDrawn([drawn[0], place]);
    },
    onMouseUp: () => {
      setDrawn(undefined);
      if (drawn) onSelect(...inOrder(drawn));
    },
    onMouseLeave: () => setDrawn(undefined),
    style: { cursor: "pointer", userSelect: "none" as const },
  };
  return { selected: drawn && inOrder(drawn), handlers };
}
