import type { Check } from "./check.js";
import { clockCheck } from "./checks/clock.js";
import { connectionCheck, encodingCheck, serverVersionCheck } from "./checks/connection.js";
import { databaseUrlCheck } from "./checks/database-url.js";
import { diskCheck } from "./checks/disk.js";
import { embeddedProgramsCheck } from "./checks/embedded-programs.js";
import { embeddedServerCheck } from "./checks/embedded-server.js";
import { environmentCheck } from "./checks/environment.js";
import { gitHookCheck } from "./checks/git-hook.js";
import { leftoversCheck } from "./checks/leftovers.js";
import { migrationsCheck } from "./checks/migrations.js";
import { nodeCheck } from "./checks/node.js";
import { packagesCheck } from "./checks/packages.js";
import { poolerCheck } from "./checks/pooler.js";
import { psqlCheck, redisCliCheck } from "./checks/programs.js";
import { configCheck, generatedCheck, schemaCheck } from "./checks/project.js";
import { redisCheck } from "./checks/redis.js";
import { roleCheck } from "./checks/role.js";
import { serviceFileCheck, serviceLoginCheck } from "./checks/service-login.js";
import { shadowCheck } from "./checks/shadow.js";
import { squawkCheck } from "./checks/squawk.js";

/** Every check of `tenantry doctor`, in the order in which they are shown; each behind those that it needs. */
export const CHECKS: readonly Check[] = [
  nodeCheck,
  packagesCheck,
  embeddedProgramsCheck,
  squawkCheck,
  psqlCheck,
  redisCliCheck,
  diskCheck,
  environmentCheck,
  configCheck,
  schemaCheck,
  migrationsCheck,
  generatedCheck,
  gitHookCheck,
  databaseUrlCheck,
  embeddedServerCheck,
  connectionCheck,
  serverVersionCheck,
  encodingCheck,
  roleCheck,
  poolerCheck,
  clockCheck,
  shadowCheck,
  leftoversCheck,
  serviceFileCheck,
  serviceLoginCheck,
  redisCheck,
];
