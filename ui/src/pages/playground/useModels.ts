import { useModelNames } from "../../parts/ModelPicker";
import { useFilters } from "../../parts/url";

/** Most models that only embed are called so; what each can do is not known before somebody asks it. */
const talks = (name: string) => !/embed/i.test(name);

/** The models of the columns, kept in the address; `compared` is null while there is one column. */
export function useModels() {
  const { get, set } = useFilters();
  const names = useModelNames("completion");
  const model = get("model") || names.find(talks) || names[0] || "";
  const compared = get("compare") || null;
  const models = compared ? [model, compared] : [model];
  const setModel = (name: string) => set({ model: name });
  const setCompared = (name: string | null) => set({ compare: name });
  /** Another model than the first, if there is one. */
  const another = names.find((name) => name !== model && talks(name)) ?? model;
  return { names, model, compared, models, another, setModel, setCompared };
}
