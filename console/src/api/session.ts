import { post, request } from "./client";
import type { Me, Tokens } from "./types";

export const login = (username: string, password: string): Promise<Tokens> =>
  post("login", { username, password }, { token: false });

export const refresh = (refreshToken: string): Promise<Tokens> =>
  post("refresh", { refresh_token: refreshToken }, { token: false });

export const register = (username: string, password: string): Promise<{ status: string }> =>
  post("register", { username, password }, { token: false });

export const logout = (token: string): Promise<null> => post("logout", undefined, { token });

export const me = (token: string): Promise<Me> => request("GET", "me", { token });
