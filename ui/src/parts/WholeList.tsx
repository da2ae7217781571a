import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Column, Rows } from "./Rows";
import { Toolbar } from "./Toolbar";
import { useRows, type Ways } from "./useRows";

interface WholeListProps<T> {
  list: UseQueryResult<T[]>;
  ways: Ways<T>;
  columns: Column<T>[];
  id: (record: T) => string;
  empty: ReactNode;
  placeholder?: string;
  onOpen?: (record: T) => void;
  minWidth?: number;
}

/** A list that is here whole, with its search over it. */
export function WholeList<T>({ list, ways, placeholder, ...rest }: WholeListProps<T>) {
  const { found, rows, total, page, isFiltered } = useRows(list.data, ways);
  return (
    <>
      <Toolbar
        {...(placeholder && { placeholder })}
        shown={found.length}
        total={total}
        refresh={list.refetch}
        isRefreshing={list.isRefetching}
      />
      <Rows
        {...rest}
        rows={list.data && rows}
        error={list.error}
        retry={list.refetch}
        first={ways.first}
        isFiltered={isFiltered}
        paging={{ page, found: found.length }}
      />
    </>
  );
}
