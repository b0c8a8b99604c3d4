import { ResponseType } from "aws-cdk-lib/aws-apigateway";

/** What API Gateway itself answers, before or in place of a function, as problem+json (RFC 9457). */
export interface GatewayProblem {
  readonly responseType: ResponseType;
  readonly status: number;
  /** The stable kind, of the same family as the functions' kinds: `urn:rowgate:problem:<kind>`. */
  readonly kind: string;
  readonly title: string;
  readonly detail: string;
}

const BAD_REQUEST = ["bad-request", "Bad request"] as const;
const FORBIDDEN = ["forbidden", "Forbidden"] as const;
const INTERNAL = ["internal", "Internal error"] as const;
const NOT_FOUND = ["not-found", "Not found"] as const;
const NO_ANSWER = ["no-answer", "No answer in time"] as const;
const THROTTLED = ["throttled", "Too many requests"] as const;

/**
 * Every kind of answer that API Gateway gives by itself.
 *
 * The template language knows no variable for the status, so each kind has its own text; the two
 * defaults, for kinds that the service may add, fix theirs. Statuses are the service's own but for
 * those two and for a path that is not there, which it would answer with 403.
 */
export const GATEWAY_PROBLEMS: readonly GatewayProblem[] = [
  problem(ResponseType.DEFAULT_4XX, 400, BAD_REQUEST, "The request cannot be answered."),
  problem(ResponseType.DEFAULT_5XX, 502, INTERNAL, "The service gave no usable answer; try again."),
  problem(ResponseType.ACCESS_DENIED, 403, FORBIDDEN, "The request is not allowed."),
  problem(ResponseType.API_CONFIGURATION_ERROR, 500, INTERNAL, "The service failed; try again."),
  problem(ResponseType.AUTHORIZER_CONFIGURATION_ERROR, 500, INTERNAL, "The service failed; try again."),
  problem(ResponseType.AUTHORIZER_FAILURE, 500, INTERNAL, "The service failed; try again."),
  problem(ResponseType.BAD_REQUEST_BODY, 400, BAD_REQUEST, "The body is not what this method takes."),
  problem(ResponseType.BAD_REQUEST_PARAMETERS, 400, BAD_REQUEST, "The parameters are not what this method takes."),
  problem(ResponseType.EXPIRED_TOKEN, 403, FORBIDDEN, "The credentials have expired."),
  problem(ResponseType.INTEGRATION_FAILURE, 504, NO_ANSWER, "The service gave no usable answer; try again."),
  problem(ResponseType.INTEGRATION_TIMEOUT, 504, NO_ANSWER, "The answer took longer than 29 seconds."),
  problem(ResponseType.INVALID_API_KEY, 403, FORBIDDEN, "The header x-api-key is missing or is not a valid key."),
  problem(ResponseType.INVALID_SIGNATURE, 403, FORBIDDEN, "The signature is not valid."),
  problem(ResponseType.MISSING_AUTHENTICATION_TOKEN, 404, NOT_FOUND, "There is no such path, or not with this method."),
  problem(ResponseType.QUOTA_EXCEEDED, 429, ["quota-exceeded", "Quota exceeded"], "The key has used up its requests for today."),
  problem(ResponseType.REQUEST_TOO_LARGE, 413, ["payload-too-large", "The body is too large"], "The body is larger than 4 MB."),
  problem(ResponseType.RESOURCE_NOT_FOUND, 404, NOT_FOUND, "There is no such path."),
  problem(ResponseType.THROTTLED, 429, THROTTLED, "Too many requests in a short time; slow down and try again."),
  problem(ResponseType.UNAUTHORIZED, 401, ["unauthorized", "Unauthorized"], "The header Authorization carries no valid access token; sign in again."),
  // The gateway unpacks gzip and deflate before a function sees the body, and refuses here what it cannot unpack.
  problem(
    ResponseType.UNSUPPORTED_MEDIA_TYPE,
    415,
    ["unsupported-media-type", "The body must be JSON"],
    "Send the body as application/json, as it is or as whole gzip with Content-Encoding: gzip.",
  ),
  problem(ResponseType.WAF_FILTERED, 403, FORBIDDEN, "The request is not allowed."),
];

/** The body of the answer, as API Gateway sends it. */
export function problemBody({ kind, title, status, detail }: GatewayProblem): string {
  return JSON.stringify({ type: `urn:rowgate:problem:${kind}`, title, status, detail });
}

function problem(
  responseType: ResponseType,
  status: number,
  [kind, title]: readonly [string, string],
  detail: string,
): GatewayProblem {
  return { responseType, status, kind, title, detail };
}
