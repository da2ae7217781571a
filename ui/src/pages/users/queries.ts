import { useQuery } from "@tanstack/react-query";
import { api, data } from "../../api/client";
import { REFRESH_MS } from "../../api/queries";

export function useUsers() {
  return useQuery({
    queryKey: ["users"],
    queryFn: async () => (await data(api.GET("/admin/api/users"))).users,
    refetchInterval: REFRESH_MS,
  });
}

export function useSessions() {
  return useQuery({
    queryKey: ["sessions"],
    queryFn: async () => (await data(api.GET("/admin/api/sessions"))).sessions,
    refetchInterval: REFRESH_MS,
  });
}

export function useAdminTokens() {
  return useQuery({
    queryKey: ["admin-tokens"],
    queryFn: async () => (await data(api.GET("/admin/api/admin-tokens"))).adminTokens,
    refetchInterval: REFRESH_MS,
  });
}
