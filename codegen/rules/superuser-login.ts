import { serviceTextRule } from "./service-text-rule.js";

/** `postgres`, and as hosted poolers spell it, `postgres.<project>`. */
const URL_OF_SUPERUSER = /^postgres(?:ql)?:\/\/postgres(?:\.\w+)?(?::[^@/]*)?@/i;

/** A service, or a test of one, that logs in as the superuser of most servers: no policy binds it, and nothing is proven. */
export const superuserLogin = serviceTextRule("superuser-login", [35, 80], ({ text }) =>
  URL_OF_SUPERUSER.test(text)
    ? {
        level: "error",
        detail:
          "this logs in as postgres, a superuser or one that bypasses row security: no policy binds it, and a test proves nothing",
        fix: "Use a service's own login, such as the one in .tenantry/service.env or of createTestDatabase().",
      }
    : undefined,
);
