import { Skeleton } from "@mantine/core";
import { type ComponentProps, lazy, Suspense } from "react";

const Drawn = lazy(() => import("./Drawn"));

type BarsProps = Omit<ComponentProps<typeof Drawn>, "h"> & { h?: number };

/** A chart; what draws it is loaded after the page is there, and its place is kept meanwhile. */
export function Chart({ h = 200, ...rest }: BarsProps) {
  return (
    <Suspense fallback={<Skeleton h={h} />}>
      <Drawn h={h} {...rest} />
    </Suspense>
  );
}
