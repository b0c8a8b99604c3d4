import { get, post } from "./client";
import type { Me, Tokens } from "./types";

export const login = (username: string, password: string): Promise<Tokens> =>
  post("login", { username, password }, { token: false });

export const refresh = (refreshToken: string): Promise<Tokens> =>
  post("refresh", { refresh_token: refreshToken }, { token: false });

export const register = (username: string, password: string): Promise<{ status: string }> =>
  post("register", { username, password }, { token: false });

export const logout = (): Promise<null> => post("logout");

export const me = (): Promise<Me> => get("me");
