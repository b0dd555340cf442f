/** Calls of the service: addresses, JSON, and errors as people should read them. */

import { sessionEnded } from "../model/session";

export type Parameters = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** What the service said, or that it did not answer (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

/** Returns a path with its query; parameters without a value are left out. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === false || value === "") continue;
    if (typeof value === "object") for (const one of value) query.append(name, one);
    else query.append(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Sends a request. Throws ApiError for every answer that is not a success, and where there is none. */
export async function call(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "");
  }
  if (response.ok) {
    sessionEnded.value = false;
    return response;
  }
  if (response.status === 401) sessionEnded.value = true;
  throw await failure(response);
}

export async function getJson<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  const response = await call(address(path, parameters), signal ? { signal } : {});
  return (await response.json()) as T;
}

export async function send<T>(method: string, path: string, parameters: Parameters = {}): Promise<T> {
  const response = await call(address(path, parameters), { method });
  return (await response.json()) as T;
}

async function failure(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return new ApiError(response.status, error.code, error.message);
  } catch {
    return new ApiError(response.status, "failed", `${response.status} ${response.statusText}`);
  }
}
