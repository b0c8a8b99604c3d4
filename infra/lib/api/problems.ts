import { ResponseType } from "aws-cdk-lib/aws-apigateway";

/** What API Gateway itself answers, before or in place of a function, as problem+json (RFC 9457). */
export interface GatewayProblem {
  readonly type: ResponseType;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/**
 * Every kind of answer that API Gateway gives by itself.
 *
 * The template language knows no variable for the status, so each kind has its own text and the two
 * defaults, for kinds that do not exist today, fix theirs. Statuses are the service's own but
 * for a path that is not there, which it would answer with 403.
 */
export const GATEWAY_PROBLEMS: readonly GatewayProblem[] = [
  problem(ResponseType.DEFAULT_4XX, 400, "Bad Request", "The request cannot be answered."),
  problem(ResponseType.DEFAULT_5XX, 502, "Bad Gateway", "The service gave no usable answer; try again."),
  problem(ResponseType.ACCESS_DENIED, 403, "Forbidden", "The request is not allowed."),
  problem(ResponseType.API_CONFIGURATION_ERROR, 500, "Internal Server Error", "The service failed; try again."),
  problem(ResponseType.AUTHORIZER_CONFIGURATION_ERROR, 500, "Internal Server Error", "The service failed; try again."),
  problem(ResponseType.AUTHORIZER_FAILURE, 500, "Internal Server Error", "The service failed; try again."),
  problem(ResponseType.BAD_REQUEST_BODY, 400, "Bad Request", "The body is not what this method takes."),
  problem(ResponseType.BAD_REQUEST_PARAMETERS, 400, "Bad Request", "The parameters are not what this method takes."),
  problem(ResponseType.EXPIRED_TOKEN, 403, "Forbidden", "The credentials have expired."),
  problem(ResponseType.INTEGRATION_FAILURE, 504, "Gateway Timeout", "The service gave no usable answer; try again."),
  problem(ResponseType.INTEGRATION_TIMEOUT, 504, "Gateway Timeout", "The answer took longer than 29 seconds."),
  problem(ResponseType.INVALID_API_KEY, 403, "Forbidden", "The header x-api-key is missing or is not a valid key."),
  problem(ResponseType.INVALID_SIGNATURE, 403, "Forbidden", "The signature is not valid."),
  problem(ResponseType.MISSING_AUTHENTICATION_TOKEN, 404, "Not Found", "There is no such path, or not with this method."),
  problem(ResponseType.QUOTA_EXCEEDED, 429, "Too Many Requests", "The key has used up its requests for today."),
  problem(ResponseType.REQUEST_TOO_LARGE, 413, "Content Too Large", "The body is larger than 4 MB."),
  problem(ResponseType.RESOURCE_NOT_FOUND, 404, "Not Found", "There is no such path."),
  problem(ResponseType.THROTTLED, 429, "Too Many Requests", "Too many requests in a short time; slow down and try again."),
  problem(ResponseType.UNAUTHORIZED, 401, "Unauthorized", "The request carries no valid credentials."),
  problem(ResponseType.UNSUPPORTED_MEDIA_TYPE, 415, "Unsupported Media Type", "The body must be JSON, sent as application/json."),
  problem(ResponseType.WAF_FILTERED, 403, "Forbidden", "The request is not allowed."),
];

function problem(type: ResponseType, status: number, title: string, detail: string): GatewayProblem {
  return { type, status, title, detail };
}
